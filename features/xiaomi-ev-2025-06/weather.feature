Feature: Weather
  The weather of the place where the car is needs the city, not the street, and only while somebody looks at it.

  @XM-08-01 @XM-08-03 @XM-08-04
  Rule: Weather learns the city and nothing more

    Scenario: The weather app sends a coarse position and no identity
      Given a Xiaomi car with the location permission on
      When the weather app is opened
      Then within 10 seconds no VIN and no account id leaves the car for the weather
      And the position that leaves for the weather is no finer than a city
      And every transmission is covered by the policy

  @XM-08-01 @XM-P1-05
  Rule: No weather, no position

    Scenario: With the location permission off the weather gets no position
      Given a Xiaomi car with the location permission off
      When the weather app is opened
      And 10 minutes have passed
      Then no position leaves the car for the weather
      And nothing leaves the car

    Scenario: Nobody looks at the weather, so nothing is asked
      Given a Xiaomi car with the location permission on
      When it is driven for 10 minutes
      Then nothing leaves the car for the weather
      And every transmission is covered by the policy
