"""The car's sleep, its power and its software."""

from __future__ import annotations

from pytest_bdd import given, then, when
from pytest_bdd.parsers import parse, re

from steps.phrases import DURATION, duration
from trials import claims
from trials.life import Cause
from trials.trial import Trial

_CAUSES: dict[str, Cause] = {"by its timer": "timer", "by its door": "door", "by an SMS": "sms", "over CAN": "can"}


@given(parse("it has fallen asleep"))
@when(parse("it falls asleep"))
def falls_asleep(trial: Trial) -> None:
    """The rest of the car lets the bus go; the supply's current shows that it sleeps."""
    trial.car.fall_asleep()


@when(re(rf"it sleeps for (?P<time>{DURATION})"))
def sleeps(trial: Trial, time: str) -> None:
    """From the moment it is asleep; it may wake by itself meanwhile."""
    trial.car.sleep(duration(time))


@when(re(rf"it is woken (?P<source>{'|'.join(_CAUSES)})"))
def is_woken(trial: Trial, source: str) -> None:
    """Until the supply's current shows that it is awake."""
    trial.car.wake(_CAUSES[source])


@when(parse("its supply is cut"))
def supply_is_cut(trial: Trial) -> None:
    """At this moment; a unit with a battery of its own runs on."""
    trial.car.cut_supply()


@when(re(rf"its supply is cut in the midst of an upload within (?P<time>{DURATION})"))
def supply_is_cut_in_an_upload(trial: Trial, time: str) -> None:
    """When the next picture or video is half sent; there is one by then."""
    trial.car.cut_in_upload(trial.folder.file("traffic.pcapng"), duration(time))


@when(parse("it is powered off"))
def powered_off(trial: Trial) -> None:
    """Through the power supply, and believed once nothing is heard any more."""
    trial.car.power_off()


@when(parse("it is powered on again"))
def powered_on(trial: Trial) -> None:
    """Through the power supply."""
    trial.car.power_on()


@when(parse("it is powered off and on again"))
def powered_off_and_on(trial: Trial) -> None:
    """Off until it is believed; the unit keeps only its flash."""
    trial.car.power_cycle()


@when(re(rf"it is rebooted within (?P<time>{DURATION})"))
def is_rebooted(trial: Trial, time: str) -> None:
    """By its own system, which is back by then."""
    trial.car.reboot(duration(time))


@when(re(rf"it is reset to the factory state within (?P<time>{DURATION})"))
def is_reset(trial: Trial, time: str) -> None:
    """As from its settings; its system is back by then."""
    trial.car.reset(duration(time))


@when(re(rf"its software is updated to (?P<version>\S+) within (?P<time>{DURATION})"))
def is_updated(trial: Trial, version: str, time: str) -> None:
    """It runs that version by then, and what it sends is judged for each version apart."""
    trial.car.update(version, duration(time))


@then(re(r"every switch stands as (?:before|it left the factory)"))
def switches_stand(trial: Trial) -> None:
    """Read back: none has moved without its user."""
    trial.judge(claims.switches_stand(trial))
