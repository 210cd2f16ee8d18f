Feature: Remote after-sales service
  When service is due the driver may ask for an appointment, and the car tells the workshop what it needs to know.

  @MC-069 @MC-048
  Rule: After-sales service learns what it needs, when it is asked for

    Scenario: An appointment tells BMW which car it is, and not where it stands
      Given a MINI with the location permission on
      When the driver asks for a service appointment
      Then within 30 seconds exactly these leave the car for it
        | item | recipient | for         | uplink   |
        | VIN  | BMW       | teleservice | cellular |
      And every transmission is covered by the policy

    Scenario: Nobody asked, so after-sales service learns nothing
      Given a MINI with the location permission on
      When it is driven for 30 minutes
      Then nothing leaves the car for the teleservice
      And every transmission is covered by the policy
