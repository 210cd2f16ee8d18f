Feature: Across the border
  What the car collects in the mainland stays there. Where a server stands is the maker's word, host by host.

  @XM-CB-01 @XM-CB-02 @XM-CB-03
  Rule: Nothing crosses the border

    Scenario: A drive with everything on reaches servers in the mainland alone
      Given a Xiaomi car with the user experience plan on
      When it is driven for 10 minutes
      Then every transmission is covered by the policy
