Feature: The car's own clock
  What waits in the car says by the car's clock when it was made, and that clock may be wrong. The bench measures how far it is
  off, and judges by bench time: a wrong clock makes nothing lawful, and nothing unlawful.

  @XM-21-03
  Rule: What was recorded without consent stays so, whatever the car's clock says

    Scenario: Between two stays in the plan no record with a name is made
      Given a Xiaomi car with the user experience plan on
      And it has been driven for 10 minutes
      When the user experience plan is switched off
      And it is driven for 10 minutes
      And the user experience plan is switched on
      And it is driven for 10 minutes
      Then every transmission is covered by the policy
