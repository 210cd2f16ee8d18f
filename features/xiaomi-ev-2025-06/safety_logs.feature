Feature: Safety logs
  Beside the plan the maker keeps logs to find faults; they carry the VIN and the account id, whatever the plan says.
  One section allows that without a switch, another promises that with the plan off neither is collected: both readings are judged.

  @XM-20-07
  Rule: Safety logs carry what is listed for them, to the maker alone

    Scenario: Safety logs go to Xiaomi with VIN and account id
      Given a Xiaomi car with the user experience plan on
      When it is driven for 10 minutes
      Then exactly these leave the car for it
        | item       | recipient | for         | uplink   |
        | VIN        | Xiaomi    | safety logs | cellular |
        | account id | Xiaomi    | safety logs | cellular |
      And every transmission is covered by the policy

    Scenario: On its backup battery the car reports the fault and nothing else
      Given a Xiaomi car with the user experience plan on
      When its supply is cut
      And 15 minutes have passed
      And it is powered on again
      Then exactly these leave the car for it
        | item       | recipient | for         | uplink   |
        | VIN        | Xiaomi    | safety logs | cellular |
        | account id | Xiaomi    | safety logs | cellular |
      And every transmission is covered by the policy

  @XM-20-10
  Rule: With nobody signed in the logs are a car's, and nobody's

    Scenario: A car into which nobody is signed in names itself in its logs, and no person
      Given a Xiaomi car with the user experience plan on
      When the driver signs out of the account
      And it is driven for 10 minutes
      Then exactly these leave the car for it
        | item | recipient | for         | uplink   |
        | VIN  | Xiaomi    | safety logs | cellular |
      And every transmission is covered by the policy
