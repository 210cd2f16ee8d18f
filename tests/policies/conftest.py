"""A small policy with one clause of each kind, and short ways to write transmissions and sightings."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from policies import Policy, load_policy
from policies.window import Window
from telltale.sighting import Sighting
from telltale.timeline import Timeline
from telltale.times import SECOND
from telltale.transmission import Address, Part, Transmission

SMALL = Path(__file__).with_name("small")


@pytest.fixture(scope="session")
def small() -> Policy:
    """The small policy."""
    return load_policy(SMALL)


@pytest.fixture
def write(tmp_path) -> Callable[[str, str, str], Path]:
    """A copy of the small policy's folder with one piece of text replaced."""

    def write(file: str, old: str, new: str) -> Path:
        shutil.copytree(SMALL, tmp_path, dirs_exist_ok=True)
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} does not stand in {file}"
        (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return write


def _sent(index: int, host: str, at: float, **given: object) -> Transmission:
    channel = given.pop("channel", "https")
    return Transmission(
        **{
            "index": index,
            "channel": channel,
            "uplink": "cellular",
            "sent": 7,
            "ended": 8,
            "bench": round(at * SECOND),
            "source": Address(ip="10.64.0.2", port=40000),
            "destination": Address(ip="203.0.113.9", port=443),
            "host": host,
            "summary": f"message {index}",
            "parts": (Part(name="body", data=b"x"),),
            **given,
        }
    )


class Road:
    """What left the car, written down event by event; times are seconds of bench time."""

    def __init__(self) -> None:
        self._count = count()
        self.transmissions: list[Transmission] = []
        self.sightings: list[Sighting] = []
        self.timeline = Timeline()

    def state(self, at: float = 0, **facts: str) -> Road:
        """Facts take values."""
        for fact, value in facts.items():
            self.timeline.record(round(at * SECOND), fact, value, "test")
        return self

    def send(self, host: str, *items: str, at: float = 1, **given: object) -> Road:
        """A transmission that carries items; ``form``, ``precision`` and ``generated`` (s) are the sightings'."""
        form = given.pop("form", "plain")
        precision = given.pop("precision", None)
        generated = given.pop("generated", None)
        index = next(self._count)
        self.transmissions.append(_sent(index, host, at, **given))
        self.sightings += [
            Sighting(
                transmission=index,
                item=item,
                value="secret",
                form=form,
                part="body",
                offset=0,
                length=1,
                precision=precision,
                generated=None if generated is None else round(generated * SECOND),
            )
            for item in items
        ]
        return self

    @property
    def window(self) -> Window:
        """All of it."""
        return Window(transmissions=tuple(self.transmissions), sightings=tuple(self.sightings), timeline=self.timeline)


@pytest.fixture
def road() -> Road:
    """An empty road."""
    return Road()
