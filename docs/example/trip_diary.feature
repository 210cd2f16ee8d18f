Feature: Trip diary
  The driver may keep a diary of trips at the maker's. The car reports on roads as well, and no switch stops that.

  @EV-1 @EV-2 @EV-3
  Rule: The maker learns which car it is from the diary alone

    Scenario: With the trip diary off no VIN leaves the car
      Given an Example EV with the trip diary off
      When it is driven for 10 minutes
      Then no VIN leaves the car
      And every transmission is covered by the policy

    Scenario: With the trip diary on its entries go to the maker
      Given an Example EV with the trip diary on
      When it is driven for 10 minutes
      Then exactly these leave the car for it
        | item | recipient      | for        | uplink   |
        | VIN  | Example Motors | trip diary | cellular |
      And every transmission is covered by the policy
