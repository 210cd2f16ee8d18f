Feature: Mandated report of new-energy vehicles
  The law has the car report to the monitoring platforms as GB/T 32960 says. No switch stops it, and nobody else gets it.

  @XM-20-01 @XM-20-03
  Rule: The report runs while the car does

    Scenario Outline: The report does not depend on the experience plan
      Given a Xiaomi car with the user experience plan <plan>
      When it is driven for 5 minutes
      Then the mandated report keeps running every 10 seconds with its VIN and position
      And every transmission is covered by the policy

      Examples:
        | plan |
        | on   |
        | off  |

    Scenario: A parked car reports nothing
      Given a Xiaomi car with the user experience plan off
      And it has been driven for 5 minutes
      When 60 minutes have passed
      Then nothing leaves the car

  @XM-20-02 @XM-20-11
  Rule: What the terminal answers to the platform is part of the report

    Scenario: Ordered to upgrade, the terminal answers with its versions and adds nobody
      Given a Xiaomi car with the user experience plan off
      When it drives off
      And the platform orders an upgrade of the terminal
      And 30 seconds have passed
      And it is parked
      Then exactly these leave the car for it
        | item            | recipient         | for             | uplink  |
        | VIN             | national platform | mandated report | private |
        | ICCID           | national platform | mandated report | private |
        | position        | national platform | mandated report | private |
        | speed           | national platform | mandated report | private |
        | odometer        | national platform | mandated report | private |
        | state of charge | national platform | mandated report | private |
      And every transmission is covered by the policy
