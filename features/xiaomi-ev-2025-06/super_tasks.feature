Feature: Super tasks
  "At 10 degrees, heat the seat." The driver makes tasks and shares them. Each tells what it needs when it runs, and the
  place matters to those alone that wait for one.

  @XM-07-01 @XM-07-06
  Rule: Making a task tells the task; sharing it tells who shares it with whom

    Scenario: A task is made, and later shared with a co-user
      Given a Xiaomi car with the location permission on
      When a task is made
      And 10 minutes have passed
      Then exactly these leave the car for it
        | item           | recipient | for         | uplink   |
        | account id     | Xiaomi    | super tasks | cellular |
        | name of a task | Xiaomi    | super tasks | cellular |
        | automation     | Xiaomi    | super tasks | cellular |
      When the task is shared with a co-user
      Then exactly these leave the car for it
        | item                 | recipient | for          | uplink   |
        | account id           | Xiaomi    | task sharing | cellular |
        | nickname             | Xiaomi    | task sharing | cellular |
        | co-user's account id | Xiaomi    | task sharing | cellular |
        | automation           | Xiaomi    | task sharing | cellular |
      And every transmission is covered by the policy

  @XM-07-02 @XM-07-03 @XM-07-04
  Rule: A task that runs tells what it needs

    Scenario: Seat, music, lamp and way home: each kind of task tells its own
      Given a Xiaomi car with the location permission on
      When the task of the seat heating runs
      Then exactly these leave the car for it
        | item | recipient | for         | uplink   |
        | VIN  | Xiaomi    | super tasks | cellular |
      When the task of the music runs
      Then exactly these leave the car for it
        | item                | recipient | for         | uplink   |
        | VIN                 | Xiaomi    | super tasks | cellular |
        | app's record of use | Xiaomi    | super tasks | cellular |
      When the task of the lamp runs
      Then exactly these leave the car for it
        | item           | recipient | for         | uplink   |
        | VIN            | Xiaomi    | super tasks | cellular |
        | device's state | Xiaomi    | super tasks | cellular |
      When the task of the way home runs
      Then exactly these leave the car for it
        | item            | recipient | for         | uplink   |
        | VIN             | Xiaomi    | super tasks | cellular |
        | navigation data | Xiaomi    | super tasks | cellular |
      And every transmission is covered by the policy

  @XM-07-02 @XM-07-04
  Rule: The place is for tasks that wait for one, and under the location permission

    Scenario: A task for leaving home waits for the permission, and tells the typed place and not the car's
      Given a Xiaomi car with the location permission off
      And the location task is switched on
      When it is driven from home to the office in 10 minutes
      Then nothing leaves the car for the super tasks
      When the location permission is switched on
      And it is driven from home to the office in 10 minutes
      Then exactly these leave the car for it
        | item        | recipient | for         | uplink   |
        | VIN         | Xiaomi    | super tasks | cellular |
        | typed place | Xiaomi    | super tasks | cellular |
      And every transmission is covered by the policy

  @XM-07-05
  Rule: Xiaomi Technology learns the command of an imported control

    Scenario: A control of Mi Home is used before and after it is imported
      Given a Xiaomi car with the import from Mi Home off
      When a control of Mi Home is used
      Then nothing leaves the car for the super tasks
      When the import from Mi Home is switched on
      And a control of Mi Home is used
      Then exactly these leave the car for it
        | item       | recipient         | for         | uplink   |
        | account id | Xiaomi Technology | super tasks | cellular |
        | automation | Xiaomi Technology | super tasks | cellular |
      And every transmission is covered by the policy
