"""What the Then steps claim: a scenario's words, the trial's observation and the judge of the policy, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies import claims as judged
from policies.access import unobserved
from policies.continuing import goes_on as judge_going_on
from policies.difference import difference as judge_difference
from policies.erasure import erased
from policies.retaining import retained
from policies.running import keeps_running as judge_running
from policies.versions import by_version
from policies.window import Window
from telltale.errors import InputError, near_miss
from telltale.finding import Finding, Judgement
from telltale.times import SECOND
from telltale.transmission import PHONE
from telltale.verdict import Verdict
from trials import obligations
from trials.outcome import Inconclusive

if TYPE_CHECKING:
    from trials.trial import Trial


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRow:
    """A row of an "exactly these" table, in the words of the scenario."""

    item: str
    recipient: str
    function: str
    uplink: str
    ecu: str | None = None
    """None where the table has no such column."""


def since_the_stimulus(trial: Trial) -> Window:
    """What left since the latest block of Whens began."""
    start, stop = trial.window
    return whole(trial).between(start, stop + 1)


def whole(trial: Trial) -> Window:
    """All that left since the scenario began."""
    seen = trial.observe()
    return Window(
        transmissions=seen.transmissions,
        sightings=seen.sightings,
        timeline=trial.timeline,
        access=trial.setup.rig.access_by_host,
        volumes=seen.volumes,
        clock=trial.clocks.unit,
        packets=trial.clocks.packets,
    ).where(lambda t: t.left)


def _since(trial: Trial, judge: Callable[[Window], Judgement]) -> Judgement:
    """*judge* over what left since the latest block of Whens began, for each version of the unit's software apart."""
    return by_version(since_the_stimulus(trial), trial.window, judge)


def unseen(trial: Trial) -> tuple[str, ...]:
    """What keeps an absence from being shown: the gaps of the capture, and whatever leaves where nobody watches.

    What did leave is shown by the capture alone, whatever may have left elsewhere.
    """
    exits = map(unobserved, trial.setup.rig.unobserved)
    return (*trial.observe().gaps, *trial.setup.fidelity.blind_spots, *exits)


def of_unit(window: Window, unit: str) -> Window:
    """What the car, or what the owner's ``phone``, sent of it. What nobody can be told to have sent is the car's."""
    return window.where(lambda t: (t.ecu == PHONE) == (unit == PHONE))


def none_leaves(trial: Trial, items: Sequence[str], function: str | None, unit: str = "car") -> Judgement:
    """None of *items* leaves the unit for the function, or for one that nobody declared."""
    name = function and trial.policy.function_named(function)
    return _since(trial, lambda w: judged.none_leaves(of_unit(w, unit), trial.policy, items, name, gaps=unseen(trial)))


def nothing_leaves(trial: Trial, function: str | None, unit: str = "car") -> Judgement:
    """Not a single transmission of the unit's for the function, or at all."""
    name = function and trial.policy.function_named(function)
    return _since(trial, lambda w: judged.nothing_leaves(of_unit(w, unit), trial.policy, name, gaps=unseen(trial)))


def exactly_these(trial: Trial, rows: Sequence[TableRow]) -> Judgement:
    """A closed world for the functions of the table.

    :raises InputError: a row names an item's recipient, function, uplink or control unit that nobody knows
    """
    policy = trial.policy
    for row in rows:
        if row.uplink not in trial.uplinks:
            raise InputError(f"unknown uplink `{row.uplink}`" + near_miss(row.uplink, trial.uplinks))
        if row.ecu is not None and row.ecu not in trial.ecus:
            raise InputError(f"unknown control unit `{row.ecu}`" + near_miss(row.ecu, trial.ecus))
    expected = [
        judged.Expected(
            item=row.item,
            organisation=policy.organisation_named(row.recipient).id,
            function=policy.function_named(row.function),
            uplink=row.uplink,
            ecu=row.ecu,
        )
        for row in rows
    ]
    return _since(trial, lambda w: judged.exactly_these(w, policy, expected, gaps=unseen(trial)))


def every_transmission_covered(trial: Trial) -> Judgement:
    """Over the whole scenario."""
    return by_version(
        whole(trial),
        (0, trial.now),
        lambda w: judged.every_transmission_covered(w, trial.policy, gaps=unseen(trial)),
    )


def leaves_for_only(trial: Trial, items: Sequence[str], organisation: str) -> Judgement:
    """The items leave, and for one organisation alone."""
    name = trial.policy.organisation_named(organisation).id
    return _since(trial, lambda w: judged.leaves_for_only(w, trial.policy, items, name, gaps=unseen(trial)))


def goes_on(trial: Trial, function: str, items: Sequence[str]) -> Judgement:
    """What left for the function before the latest block of Whens leaves since then as well."""
    name = trial.policy.function_named(function)
    return judge_going_on(whole(trial), trial.policy, name, items, since=trial.window[0], gaps=unseen(trial))


def no_finer_than(trial: Trial, items: Sequence[str], function: str, metres: float) -> Judgement:
    """The precision that left."""
    name = trial.policy.function_named(function)
    return _since(trial, lambda w: judged.no_finer_than(w, trial.policy, items, name, metres, gaps=unseen(trial)))


def keeps_running(trial: Trial, function: str, interval: int, items: Sequence[str]) -> Judgement:
    """Over each drive since the latest block of Whens began."""
    drives = [drive for drive in trial.road.drives if drive[0] >= trial.window[0]]
    if not drives:
        raise Inconclusive("the car was not driven, so nothing had to keep running")
    name = trial.policy.function_named(function)
    seen, gaps, blind = whole(trial), trial.observe().gaps, unseen(trial)
    return Judgement.together(
        judge_running(seen, trial.policy, name, items=items, interval=interval, span=drive, gaps=gaps, blind=blind)
        for drive in drives
    )


def is_complete(trial: Trial, function: str, interval: int, items: Sequence[str]) -> Judgement:
    """Since the latest block of Whens began, by the moments of generation: what waited in the car counts as well."""
    return judge_running(
        whole(trial),
        trial.policy,
        trial.policy.function_named(function),
        items=items,
        interval=interval,
        span=trial.window,
        slack=SECOND,  # reports carry whole seconds
        basis="generated",
        gaps=trial.observe().gaps,
        blind=unseen(trial),
    )


def difference(trial: Trial, switch: str, items: Sequence[str]) -> Judgement:
    """The drives on, off and on again, held against each other."""
    return judge_difference(
        whole(trial),
        trial.policy,
        switch=trial.vehicle.switch(switch).fact,
        function=trial.policy.function_named(switch),
        items=items,
        until=trial.now,
        gaps=unseen(trial),
    )


def switches_stand(trial: Trial) -> Judgement:
    """Each switch stands where its user left it; after a reset to the factory state that is off."""
    stimulator = trial.stimulator
    found = stimulator.read_switches()
    moved = {move.name: move for move in stimulator.moved}
    findings = [
        Finding(
            verdict=Verdict.VIOLATES,
            reason=f"the switch {move.name} was left {move.left}; without its user it {_stands(move.found)}",
            bench=move.bench,
        )
        for move in moved.values()
    ]
    findings += [
        Finding(verdict=Verdict.COMPLIES, reason=f"the switch {name} {_stands(found.get(name))}", bench=trial.now)
        for name in trial.vehicle.switches
        if name not in moved
    ]
    none = () if trial.vehicle.switches else ("the vehicle file knows no switch",)
    return Judgement.of("every switch stands where its user left it", findings, gaps=none)


def _stands(position: str | None) -> str:
    return f"stands {position}" if position else "says neither on nor off"


def owner_can_fetch(trial: Trial, item: str) -> Judgement:
    """An expectation: if it is missed, "gone" would mean nothing. Every way is tried, to know that it was there."""
    upload = trial.cloud.retrieve(item)
    if upload is not None:
        trial.cloud.try_to_retrieve(item)
        with suppress(Inconclusive):  # an upload that nobody saw leave began nothing
            obligations.of_upload(trial, upload, _upload_finding(trial, item), trial.upload_moment(item))
    finding = Finding(
        verdict=Verdict.COMPLIES if upload else Verdict.INCONCLUSIVE,
        reason=f"the owner's app {'was served' if upload else 'was not served'} the {item}",
        bench=trial.now,
    )
    return Judgement.of(f"the owner's app can fetch the {item}", [finding])


def stranger_cannot_fetch(trial: Trial, item: str) -> Judgement:
    """Another account's valid credentials are refused what the owner's are served."""
    upload = trial.cloud.retrieve(item)
    if upload is None:
        raise Inconclusive(f"the owner's app is not served the {item} either, so a refusal shows nothing")
    answer = trial.cloud.retrieval.through_app(upload, "other")
    sent = _upload_finding(trial, item)
    if answer.status == 200 and answer.sha256 == upload.sha256:
        verdict, reason = Verdict.VIOLATES, f"another account's app was served the {item}"
    elif answer.status in (401, 403, 404):
        verdict, reason = Verdict.COMPLIES, f"another account's app was answered {answer.status}"
    else:
        verdict, reason = Verdict.INCONCLUSIVE, f"status {answer.status} is neither the {item} nor a refusal"
    finding = Finding(
        verdict=verdict,
        reason=reason,
        clauses=trial.clauses,
        function=sent.function,
        organisation=sent.organisation,
        transmission=sent.transmission,
        sighting=sent.sighting,
        bench=trial.now,
    )
    return Judgement.of(f"another account's app cannot fetch the {item}", [finding])


def no_longer_retrievable(trial: Trial, item: str, *, reading: str | None) -> Judgement:
    """Asked now, every way, next to a control object; earlier answers show that it had been there."""
    checks = trial.cloud.try_to_retrieve(item)
    upload = _upload_finding(trial, item)
    since = trial.upload_moment(item)
    judgement = erased(
        upload,
        checks,
        trial.policy,
        since=since,
        timeline=trial.timeline,
        uncertainty=trial.upload_within,
        reading=reading,
    )
    return obligations.settle(trial, item, judgement)


def still_retrievable(trial: Trial, item: str, *, reading: str | None) -> Judgement:
    """Asked now, every way; earlier answers count as well."""
    checks = trial.cloud.try_to_retrieve(item)
    upload, since = _upload_finding(trial, item), trial.upload_moment(item)
    judgement = retained(upload, checks, trial.policy, since=since, uncertainty=trial.upload_within, reading=reading)
    return obligations.settle(trial, item, judgement)


def _upload_finding(trial: Trial, item: str) -> Finding:
    """The upload of *item* that the scenario speaks of, as the judge saw it.

    :raises Inconclusive: no upload of it to a declared endpoint was seen
    """
    window, moment = whole(trial), trial.upload_moment(item)
    for reading in trial.policy.readings:
        found = [
            finding
            for finding in window.cover(trial.policy, reading)
            if finding.sighting and finding.sighting.item == item and finding.function and finding.transmission
            if trial.bench_at(finding.transmission.ended) <= moment
        ]
        if found:
            return found[-1]
    raise Inconclusive(f"no upload of the {item} was seen, so nothing could have been erased")
