Feature: The track
  A driver may draw a track, have laps recorded and analysed, and filmed. The maker learns start and finish of the track and how the
  car was driven; the film stays in the car, and there is none unless it was asked for.

  @XM-11-01 @XM-11-02 @XM-11-03
  Rule: The track and the drive, not the way to it, and the film for the driver alone

    Scenario: Drawing and driving a track tells start and finish, and a film is made only with its switch
      Given a Xiaomi car with the location permission on
      When the driver draws a track
      Then within 10 seconds exactly these leave the car for it
        | item                          | recipient | for          | uplink   |
        | start and finish of the track | Xiaomi    | track master | cellular |
        | address of the track          | Xiaomi    | track master | cellular |
      When the driver records a lap
      Then within 10 seconds exactly these leave the car for it
        | item                          | recipient | for          | uplink   |
        | start and finish of the track | Xiaomi    | track master | cellular |
      And no track video is stored in the car
      When the track video is switched on
      And the driver records a lap
      And 60 seconds have passed
      Then the track video is stored in the car
      And no track video leaves the car
      And every transmission is covered by the policy

  @XM-11-04 @XM-11-05 @XM-11-06 @XM-SH-07
  Rule: The leaderboard has what its driver puts on it, for as long as its driver wants

    Scenario: A lap is on the leaderboard once its driver puts it there, and gone once deleted
      Given a Xiaomi car with the location permission on
      When the driver records a lap
      And 60 seconds have passed
      Then nothing leaves the car for the track leaderboard
      When the lap is put on the leaderboard
      Then within 10 seconds exactly these leave the car for it
        | item              | recipient | for               | uplink   |
        | account id        | Xiaomi    | track leaderboard | cellular |
        | nickname          | Xiaomi    | track leaderboard | cellular |
        | account picture   | Xiaomi    | track leaderboard | cellular |
        | lap record        | Xiaomi    | track leaderboard | cellular |
        | name of the track | Xiaomi    | track leaderboard | cellular |
      And another account's app is shown the lap record with the nickname and the account picture, and nothing that the policy does not allow
      When the driver deletes the lap from the leaderboard
      And 90 seconds have passed
      Then the lap record can no longer be retrieved, through the app or at its direct address
      And every transmission is covered by the policy
