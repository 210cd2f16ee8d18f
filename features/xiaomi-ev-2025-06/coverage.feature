Feature: Coverage
  A car drives through tunnels. What it could not send waits in it, and leaves later: then the moment of making the data and
  the moment of sending it are two, and each clause says which of them counts.

  @XM-20-01 @XM-20-03
  Rule: The platform gets the report of the tunnel afterwards

    Scenario: What was to be reported in a tunnel reaches the platform afterwards
      Given a Xiaomi car with the user experience plan off
      When it drives off
      And 60 seconds have passed
      And coverage is lost
      And 20 minutes have passed
      And coverage is back
      And 60 seconds have passed
      And it is parked
      Then the mandated report of this drive is complete every 10 seconds with its VIN and position
      And every transmission is covered by the policy

    Scenario: The report survives a link that comes and goes
      Given a Xiaomi car with the user experience plan on
      When it drives off
      And coverage comes and goes every 30 seconds for 5 minutes
      And 60 seconds have passed
      And it is parked
      Then the mandated report of this drive is complete every 10 seconds with its VIN and position
      And every transmission is covered by the policy

  @XM-21-05
  Rule: Who leaves the plan in a tunnel has left it when the tunnel ends

    Scenario: Records made before the plan was left do not leave with a name afterwards
      Given a Xiaomi car with the user experience plan on
      When it drives off
      And 2 minutes have passed
      Then every transmission is covered by the policy
      When coverage is lost
      And the wifi is lost
      And 10 minutes have passed
      And the user experience plan is switched off
      And 10 minutes have passed
      Then nothing leaves the car
      When coverage is back
      And the wifi is back
      And 5 minutes have passed
      And it is parked
      Then no VIN and no account id leaves the car for the user experience plan
      And every transmission is covered by the policy

  @XM-21-03
  Rule: A bad link is no excuse

    Scenario: A slow link changes nothing about what leaves
      Given a Xiaomi car with the user experience plan off
      When the link is slow at 64 kbit/s
      And it is driven for 5 minutes
      Then no VIN and no account id leaves the car for the user experience plan
      And every transmission is covered by the policy
