Feature: Uplinks
  Which way out of the car something takes, and which control unit sends it. The head unit's traffic goes through the T-Box and
  shares its address; it is told apart all the same.

  @XM-20-01 @XM-20-03
  Rule: The mandated report is the T-Box's, and keeps to the private APN

    Scenario: The mandated report leaves over the private APN alone
      Given a Xiaomi car with the user experience plan on
      When it is driven for 5 minutes
      Then exactly these leave the car for it
        | item            | recipient         | for             | uplink  | ecu   |
        | VIN             | national platform | mandated report | private | T-Box |
        | ICCID           | national platform | mandated report | private | T-Box |
        | position        | national platform | mandated report | private | T-Box |
        | speed           | national platform | mandated report | private | T-Box |
        | odometer        | national platform | mandated report | private | T-Box |
        | state of charge | national platform | mandated report | private | T-Box |

  @XM-21-01 @XM-21-02
  Rule: The plan's records are the T-Box's

    Scenario: No app of the head unit names the car or the account for the plan
      Given a Xiaomi car with the user experience plan on
      When it is driven for 10 minutes
      Then exactly these leave the car for it
        | item       | recipient | for                  | uplink   | ecu   |
        | VIN        | Xiaomi    | user experience plan | cellular | T-Box |
        | account id | Xiaomi    | user experience plan | cellular | T-Box |
      And every transmission is covered by the policy
