"""Default deny: what left the car complies only if a clause in force covers it and none stands against it.

A sighting is looked at from five sides: function, recipient, item, form, unit state. Where the state of the unit is not
known, nothing is concluded from it: a permit that would depend on it makes the finding inconclusive, and so does a
prohibition. A value whose content does not say when it was made counts as made when it was sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from policies.access import ENCRYPTED, Access, limits_at
from policies.endpoints import Attribution, attribute
from policies.generated import made_at
from policies.model import ANY, Clause, Policy
from policies.moments import RESOLUTION, state_when_made
from policies.terms import Answer, Side, State, both, covers_item, form_allowed, in_force
from telltale.clocks import ANY_TIME, ClockOffset
from telltale.finding import Finding
from telltale.sighting import RECOGNISED, Sighting
from telltale.timeline import Timeline
from telltale.times import utc
from telltale.transmission import Transmission
from telltale.verdict import Verdict


def cover(
    transmissions: Iterable[Transmission],
    sightings: Iterable[Sighting],
    timeline: Timeline,
    policy: Policy,
    *,
    reading: str,
    own: Collection[int] = frozenset(),
    access: Access | None = None,
    clock: ClockOffset | None = None,
    packets: ClockOffset | None = None,
) -> list[Finding]:
    """Judge everything that left the car under one reading.

    There is one finding for each sighting, one for each undeclared transmission, and one for each cause for which a
    transmission could not be read to its end.

    :param own: indices of the bench's own transmissions (the positive control), which are not the car's
    :param access: recipients that the bench knows it cannot open, see `policies.access`
    :param clock: the unit's, by which messages say when they were made; None takes their word for bench time
    :param packets: the capture's, by which it says when they were sent; None if that is bench time
    :raises ValueError: a sighting names a transmission that is not among *transmissions*
    """
    sent = [t for t in transmissions if t.index not in own]
    found: dict[int, list[Sighting]] = {t.index: [] for t in sent}
    for sighting in sightings:
        if sighting.transmission in own:
            continue
        if sighting.transmission not in found:
            raise ValueError(
                f"a sighting of {sighting.item} names transmission {sighting.transmission}, not given here"
            )
        found[sighting.transmission].append(sighting)
    clauses = policy.under(reading)
    findings: list[Finding] = []
    for transmission in sent:
        whose = attribute(transmission, policy)
        case = _Case(transmission, whose, timeline, policy, reading, access or {}, clock, packets)
        findings += case.of_transmission()
        for sighting in found[transmission.index]:
            findings.append(case.of_sighting(sighting, clauses))
    return findings


def moment(transmission: Transmission) -> int:
    """Bench time of the sending, ns; wall time where there is no bench clock (someone else's capture)."""
    return transmission.sent if transmission.bench is None else transmission.bench


def _clock(at: int) -> str:
    """Time of day, UTC, to the second."""
    return utc(at)[11:19]


@dataclass(eq=False)
class _Case:
    """One transmission before the judge."""

    transmission: Transmission
    whose: Attribution
    timeline: Timeline
    policy: Policy
    reading: str
    access: Access
    clock: ClockOffset | None
    packets: ClockOffset | None
    _states: dict[int, tuple[State, str | None]] = field(default_factory=dict)
    _made: dict[int, tuple[State, str | None]] = field(default_factory=dict)
    _doubts: list[str] = field(default_factory=list)
    """Why facts are not known of when the sighting under judgement was made."""

    def of_transmission(self) -> Iterator[Finding]:
        t = self.transmission
        if self.whose.row is None:
            yield self._finding(Verdict.VIOLATES, self._undeclared(), self.policy.document.default_deny)
        unread = [f"{part.name} ({part.opaque})" for part in t.opaque]
        known = limits_at(t.recipient, self.policy, self.access) if self.whose.row and t.channel in ENCRYPTED else ()
        for limit in known:
            # one for each function that it may serve, so that claims about the others are not touched by it
            finding = self._finding(Verdict.INCONCLUSIVE, f"{self._named()}: {limit.reason}", limit.clauses)
            yield replace(finding, function=limit.function)
        if known:
            return
        if unread and not (self.whose.row and self.whose.row.opaque):
            yield self._finding(Verdict.INCONCLUSIVE, f"{self._named()} could not be read: {', '.join(unread)}")
        if t.malformed is not None:
            yield self._finding(Verdict.INCONCLUSIVE, f"{self._named()} is malformed: {t.malformed}")
        if not t.complete:
            yield self._finding(Verdict.INCONCLUSIVE, f"{self._named()} was cut off before its end")

    def of_sighting(self, sighting: Sighting, clauses: Sequence[Clause]) -> Finding:
        self._doubts.clear()
        clauses = [c for c in clauses if not c.channels or self.transmission.channel in c.channels]
        against = [
            (clause, side)
            for clause in clauses
            if clause.id not in self.policy.document.default_deny
            and covers_item(clause, sighting.item)
            and (side := self._against(clause, sighting)) is not None
            and side.answer is not Answer.NO
        ]
        stated = [(clause, side) for clause, side in against if not clause.warning]
        broken = [(clause, side) for clause, side in stated if side.answer is Answer.YES]
        warnings = [side.why for clause, side in against if clause.warning and side.answer is Answer.YES]
        if broken or self.whose.function is None:
            reasons = [side.why for _, side in broken]
            ids = [clause.id for clause, _ in broken]
            if self.whose.function is None:
                reasons.append(f"{sighting.item} as {sighting.form} left for {self._nobody()}")
                ids += self.policy.document.default_deny
            finding = self._finding(Verdict.VIOLATES, "; ".join(reasons), dict.fromkeys(ids), sighting)
        else:
            finding = self._permitted(sighting, clauses, stated)
        doubts = self._doubts if finding.verdict is Verdict.INCONCLUSIVE else []
        if sighting.form == RECOGNISED and finding.verdict is Verdict.VIOLATES:
            finding = replace(finding, verdict=Verdict.INCONCLUSIVE)
            doubts = ["it was recognised, and is no value of the run's own"]
        told = "; ".join((finding.reason, *doubts, *(f"warning: {why}" for why in warnings)))
        return replace(finding, reason=told)

    def _permitted(
        self, sighting: Sighting, clauses: Sequence[Clause], doubts: Sequence[tuple[Clause, Side]]
    ) -> Finding:
        """By the permits of the function; nothing stands against the sighting, but perhaps *doubts*."""
        permits = [
            (self._permits(clause, sighting), clause)
            for clause in clauses
            if clause.modality in ("permit", "oblige") and self._is_for(clause)
        ]
        covering = [clause.id for (_, side), clause in permits if side.answer is Answer.YES]
        if covering and not doubts:
            what = f"{sighting.item} as {sighting.form} for {self.whose.function}"
            bases = dict.fromkeys(basis for clause in clauses if (basis := self._basis(clause, sighting)))
            reason = "; ".join((f"{', '.join(covering)} covers {what}", *bases))
            return self._finding(Verdict.COMPLIES, reason, covering, sighting)
        if covering:
            reason = "; ".join(side.why for _, side in doubts)
            return self._finding(Verdict.INCONCLUSIVE, reason, [clause.id for clause, _ in doubts], sighting)
        undecided = [(clause, side) for (_, side), clause in permits if side.answer is Answer.UNKNOWN]
        if undecided and not doubts and (either := self._whatever_holds([c for c, _ in undecided], sighting)):
            what = f"{sighting.item} as {sighting.form} for {self.whose.function}"
            reason = f"{' or '.join(either)} covers {what}, whichever state the car was in"
            return self._finding(Verdict.COMPLIES, reason, either, sighting)
        if undecided:
            reason = "; ".join(f"whether {clause.id} applies cannot be told: {side.why}" for clause, side in undecided)
            return self._finding(Verdict.INCONCLUSIVE, reason, [clause.id for clause, _ in undecided], sighting)
        what = f"no clause permits {sighting.item} as {sighting.form} for {self.whose.function} to {self._recipient()}"
        if not permits:
            return self._finding(Verdict.VIOLATES, what, self.policy.document.default_deny, sighting)
        furthest = max(got for (got, _), _ in permits)
        nearest = [(clause, side) for (got, side), clause in permits if got == furthest]
        reason = "; ".join((what, *(f"{clause.id} does not: {side.why}" for clause, side in nearest)))
        return self._finding(Verdict.VIOLATES, reason, [clause.id for clause, _ in nearest], sighting)

    def _whatever_holds(self, clauses: Sequence[Clause], sighting: Sighting) -> list[str]:
        """The permits that share out every state that the unknown facts can be in; nothing if some state has none."""
        sent, made = self._moments(sighting)
        if made != sent and len({clause.time_basis for clause in clauses}) > 1:
            return []  # what is supposed of one moment says nothing of the other
        stated = [
            (clause, (self._when_made(made) if clause.time_basis == "generated" else self._when_sent(sent))[0])
            for clause in clauses
            if form_allowed(clause, sighting).answer is Answer.YES
        ]
        facts = self.policy.document.facts
        asked = {fact for clause, _ in stated for condition in (*clause.when, *clause.unless) for fact in condition}
        unknown = sorted(fact for fact in asked if any(fact not in state for _, state in stated))
        if not unknown or any(fact not in facts for fact in unknown):
            return []
        used: dict[str, None] = {}
        for values in product(*(facts[fact] for fact in unknown)):
            supposed = dict(zip(unknown, values, strict=True))
            covering = [c.id for c, state in stated if in_force(c, {**supposed, **state}).answer is Answer.YES]
            if not covering:
                return []
            used |= dict.fromkeys(covering)
        return list(used)

    def _is_for(self, clause: Clause) -> bool:
        """Whether a permit speaks of this function; ``any`` means what the car does for people, not background."""
        return clause.speaks_of(self.whose.function) and not (ANY in clause.functions and self.whose.background)

    def _permits(self, clause: Clause, sighting: Sighting) -> tuple[int, Side]:
        """How far a permit of the function got, and what stopped it (or what cannot be told)."""
        to = [self._called(name) for name in clause.recipients]
        whose = self.whose
        sides = (
            Side.of(covers_item(clause, sighting.item), f"it is about {', '.join(clause.items)}"),
            Side.of(
                clause.is_about(whose.function, whose.organisation),
                f"it is for {' or '.join(to)}, not {self._recipient()}",
            ),
            form_allowed(clause, sighting),
            self._in_force(clause, sighting),
        )
        for got, side in enumerate(sides):
            if side.answer is Answer.NO:
                return got, side
        doubt = next((side for side in sides if side.answer is Answer.UNKNOWN), None)
        return len(sides), doubt or Side(Answer.YES)

    def _against(self, clause: Clause, sighting: Sighting) -> Side | None:
        """Whether a clause about the item forbids it here, with the whole reason; None if it is no such clause."""
        whose, item = self.whose, sighting.item
        state = self._in_force(clause, sighting)
        if clause.modality == "forbid" and clause.is_about(whose.function, whose.organisation):
            because = f": {state.why}" if state.why else ""
            return Side(state.answer, f"{clause.id} forbids {item} for {whose.function or 'anything'}{because}")
        if clause.modality == "transform" and clause.is_about(whose.function, whose.organisation):
            form = form_allowed(clause, sighting)
            return Side(
                both(state.answer, form.answer.opposite), f"{clause.id} limits {item} for {whose.function}: {form.why}"
            )
        if clause.countries and whose.row is not None and clause.speaks_of(whose.function):
            return self._abroad(clause, item, state.answer, whose.row.country)
        if clause.modality == "confine" and clause.speaks_of(whose.function):
            elsewhere = Answer.of(not clause.is_about(whose.function, whose.organisation))
            to = " or ".join(self._called(name) for name in clause.recipients)
            return Side(both(state.answer, elsewhere), f"{clause.id} confines {item} to {to}, not {self._recipient()}")
        return None

    def _abroad(self, clause: Clause, item: str, state: Answer, country: str | None) -> Side:
        """Whether *item* went to a server that stands elsewhere than the clause confines it to."""
        where = " or ".join(clause.countries)
        if country is None:
            told = f"{clause.id} confines {item} to {where}, and nobody says where {self.transmission.recipient} stands"
            return Side(both(state, Answer.UNKNOWN), told)
        told = f"{clause.id} confines {item} to {where}, and {self.transmission.recipient} stands in {country}"
        return Side(both(state, Answer.of(country not in clause.countries)), told)

    def _in_force(self, clause: Clause, sighting: Sighting) -> Side:
        """Whether the clause's conditions hold at the moment that counts, with that moment if it made a difference."""
        sent, made = self._moments(sighting)
        state, doubt = self._when_made(made) if clause.time_basis == "generated" else self._when_sent(sent)
        self._doubts += [doubt] if doubt and doubt not in self._doubts else []
        side = in_force(clause, state)
        basis = self._basis(clause, sighting)
        return Side(side.answer, " ".join(filter(None, (side.why, f"({basis})" if basis else ""))))

    def _basis(self, clause: Clause, sighting: Sighting) -> str:
        """Both moments and which of them counts, where the clause's conditions stood otherwise at the other one."""
        sent, made = self._moments(sighting)
        if made == sent or not (clause.when or clause.unless):
            return ""
        if not (covers_item(clause, sighting.item) and clause.is_about(self.whose.function, self.whose.organisation)):
            return ""
        if in_force(clause, self._when_sent(sent)[0]).answer is in_force(clause, self._when_made(made)[0]).answer:
            return ""
        how = "generation" if clause.time_basis == "generated" else "sending"
        return f"{clause.id}: generated {self._told(made)}, sent {_clock(sent)}, judged by the moment of {how}"

    def _told(self, made: int) -> str:
        """When something was made, by bench time, and what the unit said, if that is another second."""
        if self.clock is None or not self.clock.known or abs(self.clock.offset) < RESOLUTION:
            return _clock(made)
        return f"{_clock(made - self.clock.offset)} ({_clock(made)} by {self.clock.source}'s clock)"

    def _moments(self, sighting: Sighting) -> tuple[int, int]:
        """Of sending and of making, ns; what does not say when it was made counts as made when it was sent."""
        sent = moment(self.transmission)
        field = self.whose.row.generated_at if self.whose.row else None
        # By a clock that was measured, what was said to be made after it was sent is a matter of that clock
        made = made_at(self.transmission, sighting, field, sent=sent if self.clock is None else ANY_TIME)
        return sent, sent if made is None else made

    def _when_made(self, made: int) -> tuple[State, str | None]:
        """The state at *made*, told by the unit's clock, and why not all of it is known."""
        sent = moment(self.transmission)
        if made == sent:
            return self._when_sent(sent)
        if made not in self._made:
            latest = sent if self.packets is None else ANY_TIME
            self._made[made] = state_when_made(self.timeline, made, sent=latest, clock=self.clock)
        return self._made[made]

    def _when_sent(self, at: int) -> tuple[State, str | None]:
        """The state at *at*, told by the capture's clock, and why not all of it is known."""
        if at not in self._states:
            self._states[at] = state_when_made(self.timeline, at, sent=ANY_TIME, clock=self.packets, done="sent")
        return self._states[at]

    def _nobody(self) -> str:
        """What a transmission without a function left for."""
        if self.whose.row is None:
            return f"an {self._undeclared()}"
        return f"no function that can be told: {self._named()}"

    def _undeclared(self) -> str:
        t = self.transmission
        return f"undeclared endpoint: no row claims {t.channel} to {t.recipient} ({t.summary})"

    def _named(self) -> str:
        return f"{self.transmission.channel} transmission {self.transmission.index} to {self.transmission.recipient}"

    def _recipient(self) -> str:
        return self._called(self.whose.organisation or "")

    def _called(self, organisation: str) -> str:
        known = self.policy.organisations.get(organisation)
        return known.en[0] if known else organisation

    def _finding(
        self, verdict: Verdict, reason: str, clauses: Iterable[str] = (), sighting: Sighting | None = None
    ) -> Finding:
        return Finding(
            verdict=verdict,
            reason=reason,
            clauses=tuple(clauses),
            reading=self.reading,
            function=self.whose.function,
            organisation=self.whose.organisation,
            transmission=self.transmission,
            sighting=sighting,
            bench=moment(self.transmission),
        )
