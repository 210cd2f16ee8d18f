Feature: Voice assistant
  The microphones listen when the driver speaks to the assistant, and what is said goes to BMW's servers to be understood.
  Without the microphone permission they hear nothing.

  @MC-046 @MC-047
  Rule: What is said to the assistant goes to BMW

    Scenario: A spoken command reaches BMW alone
      Given a MINI with the microphone permission on
      When the driver speaks to the assistant
      Then within 30 seconds exactly these leave the car for it
        | item               | recipient | for             | uplink   |
        | sound in the cabin | BMW       | voice assistant | cellular |
      And the sound in the cabin leaves the car for BMW only
      And every transmission is covered by the policy

  @MC-046
  Rule: While nobody speaks to it, nothing is recorded

    Scenario: Talk during a drive stays in the car
      Given a MINI with the microphone permission on
      When it is driven for 30 minutes
      Then no sound in the cabin leaves the car
      And every transmission is covered by the policy

  @MC-087
  Rule: The microphone permission comes first

    Scenario: Without the microphone permission nothing that is said leaves the car
      Given a MINI with the microphone permission off
      When the driver speaks to the assistant
      And it is driven for 10 minutes
      Then no sound in the cabin leaves the car
      And every transmission is covered by the policy
