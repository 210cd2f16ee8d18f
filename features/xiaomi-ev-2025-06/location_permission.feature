Feature: Location permission
  One permission opens the car's position to many functions, but each only as exactly as it needs: the province for radio over
  the network, the city for the names of local stations, the district for parking. Without it none of them gets any.

  @XM-P1-01 @XM-P1-02 @XM-P1-03
  Rule: Each function learns its own level and no more

    Scenario Outline: What the <function> learns is the <level>
      Given a Xiaomi car with the location permission on
      When the <what> is <done>
      Then within 10 seconds exactly these leave the car for it
        | item     | recipient | for        | uplink   |
        | position | Xiaomi    | <function> | cellular |
      And the position that leaves for the <function> is no finer than a <level>
      And every transmission is covered by the policy

      Examples:
        | function       | what           | done   | level    |
        | online radio   | online radio   | opened | province |
        | local radio    | local radio    | opened | city     |
        | parking assist | parking assist | used   | district |

  @XM-P1-10
  Rule: Used together they tell no more than each alone

    Scenario: From one place, one after the other, nothing finer than a district gets out
      Given a Xiaomi car with the location permission on
      When the weather app is opened
      And the online radio is opened
      And the local radio is opened
      And the parking assist is used
      And 30 seconds have passed
      Then the position that leaves for the online radio is no finer than a province
      And the position that leaves for the local radio is no finer than a city
      And the position that leaves for the weather is no finer than a city
      And the position that leaves for the parking assist is no finer than a district
      And every transmission is covered by the policy

  @XM-P1-04 @XM-P1-02
  Rule: Refused means refused for all of them

    Scenario: With the location permission off all are used and no position leaves
      Given a Xiaomi car with the location permission off
      And the app binding is switched on
      When the weather app is opened
      And the online radio is opened
      And the local radio is opened
      And the parking assist is used
      And the driver sends feedback
      And it is locked
      And 10 minutes have passed
      Then the screen says "FM 103.9"
      And no position leaves the car
      And every transmission is covered by the policy

  @XM-P1-08
  Rule: What the list does not name gets no position

    Scenario: Neither the experience plan nor a look for updates tells where the car is
      Given a Xiaomi car with the location permission on
      And the user experience plan is switched on
      When the driver looks for an update
      And it is driven for 10 minutes
      Then no position leaves the car for the user experience plan
      And no position leaves the car for the OTA
      And every transmission is covered by the policy
