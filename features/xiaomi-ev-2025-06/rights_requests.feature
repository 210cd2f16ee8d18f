Feature: What people may ask of the maker
  Withdrawal, a copy, deletion: each is answered within so many working days, and to nobody but whom the data is about.

  @XM-RT-04 @XM-RT-12
  Rule: A request is dealt with within 15 working days

    Scenario Outline: The owner has an answer about <request> in time
      Given a parked Xiaomi car
      When the owner requests <request>
      And 15 working days have passed since the request
      Then the request for <request> is answered in time

      Examples:
        | request                 |
        | a withdrawal of consent |
        | a copy of the data      |

  @XM-RT-14 @XM-RT-16
  Rule: Sensitive data is deleted within 10, and only for whom it is about

    Scenario: Nobody else can have the owner's sensitive data deleted, and the owner hears of it in time
      Given a parked Xiaomi car
      When the owner requests deletion of sensitive data
      And 10 working days have passed since the request
      Then the request for deletion of sensitive data is answered in time
      And another account cannot request deletion of sensitive data
