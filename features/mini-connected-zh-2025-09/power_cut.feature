Feature: Power cut
  Who steals a car takes its supply away first. What the alarm had begun to send stays where it is: once the alarm is over and
  switched off, the cabin is nobody's business any more.

  @MC-043 @MC-044
  Rule: An upload that was cut off is not taken up again after the alarm

    Scenario: A thief cuts the supply while the alarm's video is on its way
      Given a locked MINI with the remote anti-theft alarm on
      When the link is slow at 1 Mbit/s
      And the alarm is triggered
      And its supply is cut in the midst of an upload within 30 seconds
      And it is unlocked
      And it is powered on again
      Then every switch stands as before
      When the remote anti-theft alarm is switched off
      And 30 minutes have passed
      Then no cabin picture and no cabin video leaves the car
      And nothing leaves the car for the remote theft alarm
