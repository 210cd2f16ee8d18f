Feature: Night
  A parked MINI sleeps. Its timer wakes it now and then, and its anti-theft alarm does when it goes off.

  @MC-043 @MC-048
  Rule: Asleep, the car films nobody and does not tell where it is

    Scenario: Through a night asleep nobody is filmed
      Given a locked MINI with the remote anti-theft alarm on
      And it has been driven for 5 minutes
      When it sleeps for 8 hours
      Then no cabin picture, no cabin video and no position leaves the car
      And every transmission is covered by the policy

    Scenario: An alarm in the night wakes the car, and BMW gets its video
      Given a locked MINI with the remote anti-theft alarm on
      And it has fallen asleep
      When the alarm is triggered
      Then within 30 seconds exactly these leave the car for it
        | item        | recipient | for                | uplink   |
        | cabin video | BMW       | remote theft alarm | cellular |
        | VIN         | BMW       | remote theft alarm | cellular |
      And every transmission is covered by the policy
