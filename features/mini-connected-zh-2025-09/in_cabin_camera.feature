Feature: In-cabin camera
  The camera looks into the cabin for two reasons only: the owner asks for it in the app, or the anti-theft alarm goes off.
  What it sees passes through BMW's server to the owner's app, and stays on that server for 60 minutes at most.

  @MC-043 @MC-044 @MC-045
  Rule: Alarm video lives on the server for 60 minutes at most

    Scenario: Anti-theft video is gone from the server after 60 minutes
      Given a locked MINI with the remote anti-theft alarm on
      When the alarm is triggered
      Then within 30 seconds exactly these leave the car for it
        | item        | recipient | for                | uplink   |
        | cabin video | BMW       | remote theft alarm | cellular |
        | VIN         | BMW       | remote theft alarm | cellular |
      And the owner's app can fetch the cabin video
      When 60 minutes have passed since the upload
      Then the cabin video can no longer be retrieved, through the app or at its direct address
      And every transmission is covered by the policy

  @MC-043 @MC-044 @MC-045
  Rule: A picture that the owner asks for is treated alike

    Scenario: A remote cabin picture is gone from the server after 60 minutes
      Given a locked MINI
      When the owner asks for a cabin picture in the app
      Then within 30 seconds exactly these leave the car for it
        | item          | recipient | for             | uplink   |
        | cabin picture | BMW       | in-cabin camera | cellular |
        | VIN           | BMW       | in-cabin camera | cellular |
      And the owner's app can fetch the cabin picture
      When 60 minutes have passed since the upload
      Then the cabin picture can no longer be retrieved, through the app or at its direct address
      And every transmission is covered by the policy

  @MC-044
  Rule: Only the owner's app gets to see it

    Scenario: Another account's app is refused the anti-theft video
      Given a locked MINI with the remote anti-theft alarm on
      When the alarm is triggered
      And 30 seconds have passed
      Then the owner's app can fetch the cabin video
      And another account's app cannot fetch the cabin video
      And the cabin video leaves the car for BMW only

  @MC-043
  Rule: Without a request or an alarm the camera sends nothing

    Scenario: Nobody is filmed while driving
      Given a MINI with the remote anti-theft alarm on
      When it is driven for 30 minutes
      Then no cabin picture and no cabin video leaves the car
      And the VIN leaves the car for BMW only
      And every transmission is covered by the policy

    Scenario: Nobody is filmed while the car stands parked
      Given a locked MINI with the remote anti-theft alarm on
      When 60 minutes have passed
      Then no cabin picture and no cabin video leaves the car

    Scenario: With the alarm switched off nothing is filmed when it would have gone off
      Given a locked MINI with the remote anti-theft alarm off
      When the alarm is triggered
      And 10 minutes have passed
      Then no cabin picture and no cabin video leaves the car
