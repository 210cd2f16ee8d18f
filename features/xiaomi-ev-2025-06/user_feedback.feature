Feature: User feedback
  The feedback client trusts its maker's root alone and shows a key that no one can copy. What it sends is read with the
  keys of the backend that ends its TLS.

  @XM-19-01 @XM-19-02 @XM-19-05 @XM-19-06
  Rule: Feedback comes from somebody, belongs to them, and tells no place unless it may

    Scenario: Feedback carries what is listed, without place or network, and is the sender's alone
      Given a Xiaomi car with the location permission off
      When the driver sends feedback
      Then within 10 seconds exactly these leave the car for it
        | item                        | recipient | for           | uplink   |
        | VIN                         | Xiaomi    | user feedback | cellular |
        | account id                  | Xiaomi    | user feedback | cellular |
        | feedback's text             | Xiaomi    | user feedback | cellular |
        | part that feedback is about | Xiaomi    | user feedback | cellular |
        | list of installed apps      | Xiaomi    | user feedback | cellular |
      And the owner's app can fetch the feedback's text
      And another account's app cannot fetch the feedback's text
      And every transmission is covered by the policy

  @XM-19-03
  Rule: After a restart what is left is sent, and nothing new

    Scenario: Feedback that found no network is sent after a restart, and a restart without any sends nothing
      Given a Xiaomi car with the location permission on
      When it is powered off and on again
      And 5 minutes have passed
      Then nothing leaves the car for the user feedback
      When coverage is lost
      And the driver sends feedback
      And 60 seconds have passed
      And coverage is back
      And it is powered off and on again
      And 5 minutes have passed
      Then exactly these leave the car for it
        | item                        | recipient | for           | uplink   |
        | VIN                         | Xiaomi    | user feedback | cellular |
        | account id                  | Xiaomi    | user feedback | cellular |
        | feedback's text             | Xiaomi    | user feedback | cellular |
        | part that feedback is about | Xiaomi    | user feedback | cellular |
        | list of installed apps      | Xiaomi    | user feedback | cellular |
      And every transmission is covered by the policy

  @XM-19-04
  Rule: Xiaomi Technology hears of it if the driver wants the phone's log looked at

    Scenario: Without the phone's log Xiaomi Technology gets nothing, and with it four things
      Given a Xiaomi car with the location permission off
      When the driver sends feedback
      And 60 seconds have passed
      Then the feedback's text leaves the car for Xiaomi only
      When the driver sends feedback with the phone's log
      And 60 seconds have passed
      Then exactly these leave the car for it
        | item                        | recipient         | for           | uplink   |
        | VIN                         | Xiaomi            | user feedback | cellular |
        | account id                  | Xiaomi            | user feedback | cellular |
        | feedback's text             | Xiaomi            | user feedback | cellular |
        | part that feedback is about | Xiaomi            | user feedback | cellular |
        | list of installed apps      | Xiaomi            | user feedback | cellular |
        | VIN                         | Xiaomi Technology | user feedback | cellular |
        | feedback's text             | Xiaomi Technology | user feedback | cellular |
        | part that feedback is about | Xiaomi Technology | user feedback | cellular |
      And every transmission is covered by the policy

  @XM-19-07
  Rule: A microphone that was refused hears nobody

    Scenario: With the microphone permission off spoken feedback leaves as text alone
      Given a Xiaomi car with the microphone permission on
      When the driver speaks feedback
      And 60 seconds have passed
      Then the spoken feedback leaves the car for Xiaomi only
      When the microphone permission is switched off
      And the driver speaks feedback
      And 60 seconds have passed
      Then no sound recording leaves the car
      And no sound recording is stored in the car
      And the feedback's text leaves the car for Xiaomi only
      And every transmission is covered by the policy
