Feature: On the road
  A car that drives is somewhere else every moment. Each fix that its receiver is told on the way is looked for, in whatever
  leaves; without satellites there is no fix, and the last one grows old.

  @XM-08-01 @XM-08-02 @XM-08-03
  Rule: The weather learns where the car is, and never the way

    Scenario: After a drive home the weather learns one city and no trajectory
      Given a Xiaomi car with the location permission on
      And it has been driven from the office to home in 30 minutes
      When the weather app is opened
      And 10 seconds have passed
      Then no trajectory leaves the car
      And the position that leaves for the weather is no finer than a city
      And every transmission is covered by the policy

  @XM-P1-04 @XM-20-12
  Rule: Without the permission no function gets a position, the last known one neither

    Scenario: With the location permission off a drive through a tunnel tells only the authorities where the car is
      Given a Xiaomi car with the app binding on
      When the location permission is switched off
      And it is driven for 40 minutes along the route "commute", the satellites lost for 5 minutes after 10 minutes
      And it is locked
      And the weather app is opened
      And 10 seconds have passed
      Then no position leaves the car for the weather
      And no position leaves the car for the remote management
      And the mandated report keeps running every 10 seconds with its VIN and position
      And every transmission is covered by the policy

  @XM-06-12
  Rule: The house learns that the car has come, and not from where

    Scenario: On the way home Xiaomi Technology learns that the fence was crossed
      Given a Xiaomi car with the Mi Home car control on
      When it is driven from the office to home in 30 minutes
      Then exactly these leave the car for it
        | item      | recipient         | for                      | uplink   |
        | device id | Xiaomi Technology | human-car-home ecosystem | cellular |
      And every transmission is covered by the policy

  @XM-22-04
  Rule: Without satellites the rescue centre learns the last known place

    Scenario: A collision in a tunnel tells the rescue centre where the car was last seen, and nobody else
      Given a Xiaomi car with the location permission off
      And it has been driven from home to the office in 30 minutes
      When the satellites are lost for 2 minutes
      And the satellites are lost
      And it crashes
      Then within 30 seconds exactly these leave the car for it
        | item     | recipient     | for | uplink   |
        | position | rescue centre | SOS | cellular |
      And every transmission is covered by the policy
