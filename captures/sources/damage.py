"""What of a log could not be read: the first place and why, and how many more there were."""

from __future__ import annotations


class Damage:
    """Places of one log, told as one sentence."""

    def __init__(self, unit: str, expected: str) -> None:
        """:param unit: what places are counted in, ``line`` or ``byte``
        :param expected: what should have stood there, with an example
        """
        self._unit, self._expected = unit, expected
        self._first: tuple[int, str] | None = None
        self._last = 0
        self._more = 0

    def add(self, place: int, why: Exception | str) -> None:
        """Enter a place; a second complaint about the same one is the first's consequence."""
        if self._first is None:
            told = " ".join(str(why).split()) or type(why).__name__
            self._first = (place, f"{type(why).__name__}: {told}" if isinstance(why, KeyError | IndexError) else told)
        elif place != self._last:
            self._more += 1
        self._last = place

    @property
    def told(self) -> str | None:
        """One sentence; None if all could be read."""
        if self._first is None:
            return None
        place, why = self._first
        line = f"{self._unit} {place:,} cannot be read ({why}): expected {self._expected}"
        if not self._more:
            return line
        return f"{line}; nor can {self._more:,} more, the last at {self._unit} {self._last:,}"
