Feature: Cookies
  Pages of the maker's on the centre screen set a cookie and carry a beacon. The driver can refuse the one, and delete it.

  @XM-CK-01 @XM-CK-03 @XM-CK-04
  Rule: A page tells its cookie and what the beacon counts, and the cookie stays on the device

    Scenario: A page is opened with cookies on
      Given a Xiaomi car with the browser's cookies on
      When a page of Xiaomi's is opened
      Then exactly these leave the car for it
        | item                | recipient | for     | uplink   |
        | cookie              | Xiaomi    | cookies | cellular |
        | app's record of use | Xiaomi    | cookies | cellular |
      And the cookie is stored in the car
      And everything stored in the car is covered by the policy
      And every transmission is covered by the policy

  @XM-CK-02
  Rule: A cookie that is refused or deleted is gone, here and there

    Scenario: Cookies are deleted, and the next page knows nobody
      Given a Xiaomi car with the browser's cookies on
      When a page of Xiaomi's is opened
      And the cookies are deleted
      Then no cookie is stored in the car
      When a page of Xiaomi's is opened
      Then no cookie leaves the car
      And every transmission is covered by the policy

    Scenario: Cookies are refused
      Given a Xiaomi car with the browser's cookies off
      When a page of Xiaomi's is opened
      Then no cookie leaves the car
      And no cookie is stored in the car
      And every transmission is covered by the policy
