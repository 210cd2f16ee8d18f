Feature: Online music
  Maker and partner offer music together. The partner has terms of its own, which come first; the maker promises that what is searched
  for and played stays in the car as far as it is concerned.

  @XM-16-01 @XM-16-02
  Rule: The partner learns what is played once its terms are agreed to, and the maker never does

    Scenario: A search goes to the partner, after its terms, and to nobody else
      Given a Xiaomi car with the user experience plan on
      When the driver looks for a song
      And 60 seconds have passed
      Then the screen says "The music partner's terms come first"
      And nothing leaves the car for the online music
      When the driver agrees to the music partner's terms
      And the driver looks for a song
      And it is driven for 5 minutes
      Then exactly these leave the car for it
        | item         | recipient     | for          | uplink   |
        | music search | music partner | online music | cellular |
        | music login  | music partner | online music | cellular |
      And the music search leaves the car for music partner only
      And every transmission is covered by the policy
