"""One scenario's run: the car on the bench, the window of observation, the judgements, the evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from captures.sightings import Engine
from policies.access import limits_for
from policies.ledger import Ledger, Obligation
from policies.terms import items_named
from reports.masking import mask_all
from reports.run_folder import FINDINGS, RUN, RunFolder
from rigs.clocks import heard, measure
from rigs.diagnosis import VIN
from rigs.identities import another_vin
from rigs.instruments import Instruments
from rigs.stimuli import Stimulator
from rigs.vehicle import Vehicle
from telltale.errors import TelltaleError, one_line
from telltale.finding import Judgement
from telltale.identity import Identities, Identity
from telltale.items import taxonomy
from telltale.timeline import Timeline
from telltale.times import SECOND
from telltale.verdict import Verdict
from trials import evidence, obligations, records, screens
from trials.asking import Asking
from trials.audit_controls import CONTROLS, recorded
from trials.clocks import Clocks, in_words
from trials.engines import engine_for
from trials.evidence import Exhibit
from trials.following import Repeat
from trials.keys import missing_keys
from trials.life import Life
from trials.observation import Observation, look
from trials.outcome import Inconclusive, Violation, settle
from trials.places import BLUETOOTH, USB, Shelf
from trials.road import Road
from trials.session import Session
from trials.setup import Setup
from trials.ways import Ways

TICK = SECOND // 1000
"""Bench time before anything is done to the car, ns: what was due at that very moment had happened before."""


class NotOnThisRigError(TelltaleError):
    """The scenario needs something that this rig does not have; it is skipped with this reason."""


class Trial:
    """What the steps talk to. Every step that moves the bench makes the last observation stale."""

    def __init__(
        self,
        session: Session,
        *,
        setup: Setup,
        folder: RunFolder,
        title: str,
        clauses: Sequence[str],
        ledger: Ledger | None = None,
        patience: int | None = None,
    ) -> None:
        self.setup = setup
        self.policy = setup.policy
        self.folder = folder
        self.title = title
        self.clauses = tuple(clauses)
        self.judgements: list[Judgement] = []
        self.concluded = False
        self.repeats: list[Repeat] = []
        """Drives that are alike but for an identity of the car's."""
        self._session = session
        self._ways = Ways(session)
        self._upload: int | None = None
        self.upload_within = 0
        """How far `upload_moment` may be off by the clocks, as measured around the upload, ns."""
        self._shelf = Shelf()
        self._seen: Observation | None = None
        self._last_seen: Observation | None = None
        self._accounted: Observation | None = None
        self._begun: list[tuple[int, str]] = []
        self._step: tuple[str, str] = ("given", "")
        self._judged_before = 0
        self._asked = 0
        self.clocks = Clocks()
        self._window = self._session.now()
        self._closed = False
        self.road = Road(session, wait=self.wait, act=self.handle, learn=self._learn)
        """The car's drives."""
        self._life = Life(session, wait=self.wait, act=self.handle)
        self.cloud = Asking(session, act=self.handle, wait_until=self.wait_until)
        """The maker's cloud, asked from outside the car."""
        self.ledger = ledger
        self.patience = patience
        """Bench time, ns, beyond which a wait is parked in the ledger; None waits for as long as it takes."""
        self.obligations: dict[int, Obligation] = {}
        """What the ledger has of this run, by number."""
        self.settled: set[int] = set()

    # --- the car ------------------------------------------------------------------------------------------------

    @property
    def vehicle(self) -> Vehicle:
        """The car on this bench."""
        return self._session.vehicle

    @property
    def uplinks(self) -> frozenset[str]:
        """Names of the ways out of the car that are captured."""
        present = self.instruments
        others = {name for name, way in ((USB, present.stick), (BLUETOOTH, present.snoop)) if way is not None}
        return frozenset(self._session.uplinks.values()) | others

    @property
    def instruments(self) -> Instruments:
        """What the bench can do."""
        return self._session.instruments

    @property
    def ecus(self) -> frozenset[str]:
        """Names of the control units that send through them, as far as the bench can tell them apart."""
        named = (ecu for s in self._session.senders.values() for ecu in (s.ecu, *(row.ecu for row in s.behind)))
        return frozenset(ecu for ecu in named if ecu)

    @property
    def engine(self) -> Engine:
        """Finds the identities of this run."""
        return engine_for(self._session.identities, by_name=items_named(self.policy))

    @property
    def identities(self) -> Identities:
        """What the car was given in this run."""
        return self._session.identities

    @property
    def timeline(self) -> Timeline:
        """Unit state so far."""
        return self._session.timeline

    @property
    def now(self) -> int:
        """Bench time, ns."""
        return self._session.now()

    @property
    def window(self) -> tuple[int, int]:
        """Bench span from the first When of the latest block of Whens until now."""
        return self._window, self.now

    def power_up(self, car: str) -> None:
        """Put a car, fresh from the factory, on the bench.

        :raises NotOnThisRigError: the rig has another car
        """
        if not self.vehicle.is_called(car):
            raise NotOnThisRigError(f"this rig has {self.vehicle.name}, the scenario needs {car}")
        self._move(self._session.power_on)
        self._measure_clocks()
        self._ways.send_controls()

    @property
    def stimulator(self) -> Stimulator:
        """What does things to the car, and reads how it stands."""
        return self._session.stimulator

    @property
    def car(self) -> Life:
        """The car's sleep, power and software: what is done to them."""
        return self._life

    def switch(self, name: str, position: str) -> None:
        """Set a switch of the car as its user would."""
        self.handle(lambda: self._session.stimulator.switch(name, position))

    def write_another_vin(self) -> None:
        """Give the car another VIN over diagnosis. The old one stays an identity of the run, and is looked for."""
        self.write_vin(self.another_vin())

    def another_vin(self) -> str:
        """A fresh VIN, which is looked for from now on; the car has it once it is written."""
        another = another_vin(self.vehicle.manufacturer_code)
        self._learn([another])
        return another.text

    def write_vin(self, vin: str) -> None:
        """Give the car this VIN over diagnosis."""
        self.handle(lambda: self.stimulator.write(VIN, vin))

    def _learn(self, identities: Collection[Identity]) -> None:
        """These are identities of the run as well; the search for all of them is made when something is looked for."""
        self._session.identities = self._session.identities.with_(*identities)

    def clear_faults(self) -> None:
        """Empty the unit's fault memory over diagnosis."""
        self.handle(self.stimulator.clear_faults)

    def reset(self) -> None:
        """Restart the unit over diagnosis."""
        self.handle(self.stimulator.reset)

    def stimulate(self, stimulus: str) -> None:
        """Do something to the car, in the words of its vehicle file."""
        self.handle(lambda: self._session.stimulator.do(stimulus))

    def prepare(self, manner: str) -> None:
        """Bring the car into a state named by an adjective, ``locked``: the stimulus ``it is locked``."""
        self.stimulate(f"it is {manner}")

    def wait(self, duration: int) -> None:
        """Let *duration* ns of bench time pass."""
        obligations.park(self, duration)
        self._move(lambda: self._session.advance(duration))

    def wait_until(self, moment: int) -> None:
        """Let time pass until bench time *moment*; nothing happens if it lies behind."""
        if moment > self.now:
            self.wait(moment - self.now)

    def change_coverage(self, change: Callable[[Ways], None]) -> None:
        """Take coverage away, or give it back.

        :raises MissingInstrumentError: the rig cannot
        """
        self.wait(TICK)
        self._move(lambda: change(self._ways))

    def reach(self, duration: int | None) -> None:
        """Let time pass until *duration* ns after the window began; None stays where it is."""
        if duration is not None:
            self.wait_until(self._window + duration)

    def handle(self, action: Callable[[], None]) -> None:
        """Do something else to the car, with the bench's instruments."""
        self.wait(TICK)
        self._move(action)

    def _move(self, action: Callable[[], None]) -> None:
        self._seen = None
        action()

    # --- what left it -------------------------------------------------------------------------------------------

    def observe(self) -> Observation:
        """Everything that left the car so far, with every reason not to trust silence."""
        if self._seen is None:
            self._measure_clocks()
            self._ways.send_controls()
            taken = self._session.take_stock()
            self._seen = look(
                self.folder.file("traffic.pcapng"),
                keylog=taken.keylog,
                uplinks=self._session.uplinks,
                units=self._session.units,
                clock=self._session.steps(),
                engine=self.engine,
                controls=self._ways.controls,
                counts=taken.counts,
                causes=(*taken.causes, *self._life.gaps(self._window)),
                names=taken.names,
                senders=self._session.senders,
                remarks=taken.remarks,
                held=self._shelf.transmissions(taken.held, self.now),
            )
            keyless = missing_keys(self._seen.transmissions, taken.key_state)
            doubts = self._ways.contradictions(self._seen.transmissions)
            self.clocks.note(filter(None, [heard(self.instruments)]))
            self.clocks.note_controls(self._ways.rounds, self._seen.controls)
            late = self.clocks.doubts()
            self._seen = replace(self._seen, gaps=tuple(dict.fromkeys((*self._seen.gaps, *keyless, *doubts, *late))))
            self._last_seen = self._seen
        return self._seen

    def _measure_clocks(self) -> None:
        """Ask every clock that can be asked; with nobody to ask, what was measured while the unit ran counts."""
        if self._session.awake:
            self.clocks.note(measure(self.instruments, cloud=self.vehicle.owners_app))

    def upload_moment(self, item: str | None = None) -> int:
        """Bench time at which the last byte of the upload that the scenario speaks of had left the car.

        That is the latest one when it is first asked for, so that what is sent later does not move it.

        :param item: picture or video; any if None
        :raises Inconclusive: nothing of the kind has left
        """
        if self._upload is None:
            seen = self.observe()
            media = {i.name for i in taxonomy().values() if i.kind == "media"} if item is None else {item}
            found = [seen.transmission(s.transmission) for s in seen.sightings if s.item in media]
            uploads = [upload for upload in found if upload.uplink in self._session.uplinks.values()]
            if not uploads:
                what = "pictures or video" if item is None else item
                closed = self._closed_to(media)
                raise Inconclusive(f"no upload of {what} was seen, so no time can be counted from it{closed}")
            self._upload = self.bench_at(max(upload.ended for upload in uploads))
            self.upload_within = self.clocks.sending
        return self._upload

    def _closed_to(self, items: Collection[str]) -> str:
        """Why an upload of *items* may not have been seen: recipients that stay closed to this rig."""
        known = limits_for(items, self.policy, self.setup.rig.access_by_host)
        return "".join(f"; {limit.reason}" for limit in known)

    def bench_at(self, wall: int) -> int:
        """Bench time at wall time *wall*, both ns."""
        return self._session.steps().bench_at(wall)

    # --- what it came to ----------------------------------------------------------------------------------------

    def begin_step(self, kind: str, text: str) -> None:
        """A Gherkin step begins; a When after anything else opens a new window of observation."""
        if kind == "when" and self._step[0] != "when":
            self.wait(TICK)
            self._window = self.now
        self._step = (kind, text)
        self._begun.append((self.now, text))
        self._judged_before = len(self.judgements)

    def judge(self, judgement: Judgement) -> None:
        """Keep what a Then came to; the scenario's verdict is drawn over all of them at its end."""
        judgement = Judgement(
            claim=self._step[1] or judgement.claim,
            verdicts=judgement.verdicts,
            # what breaks the scenario's own words, and no clause in particular, breaks the clauses it is tagged with
            findings=tuple(f if f.clauses else replace(f, clauses=self.clauses) for f in judgement.findings),
            clauses=judgement.clauses or self.clauses,
            notes=judgement.notes,
        )
        self.judgements.append(judgement)
        self.folder.append(FINDINGS, [records.judgement(judgement, self._secrets)])

    def step_error(self) -> TelltaleError | None:
        """How the step that just ended is to be shown: None if all that it judged complies."""
        return self._settled(self.judgements[self._judged_before :] or None)

    def step_evidence(self) -> Iterator[Exhibit]:
        """What belongs beside the step that just ended."""
        if self._step[0] == "when" and self._session.has_screen:
            attach = self.setup.rig.screens == "attach"
            yield screens.taken(self.instruments, self.folder, len(self._begun), attach=attach)
        for judgement in self.judgements[self._judged_before :]:
            yield from evidence.of_claim(judgement, self._seen, self._secrets)
        asked = self.instruments.engineer.asked if self.instruments.engineer else ()
        if new := asked[self._asked :]:
            yield evidence.of_asked(new, self._secrets)
            self._asked = len(asked)
        if self._seen is not None and self._seen is not self._accounted:
            self._accounted = self._seen
            yield evidence.of_accounts(self._seen)

    def readings_apart(self) -> str:
        """Where the readings of an ambiguous clause part: ``strict: violates, lenient: complies``; else empty."""
        return "; ".join(
            ", ".join(f"{reading}: {verdict}" for reading, verdict in judgement.verdicts.items())
            for judgement in self.judgements
            if judgement.readings_differ
        )

    def conclude(self) -> None:
        """Draw the verdict over every judgement.

        :raises Violation, Inconclusive: unless all of them comply
        """
        self.concluded = True
        if (error := self._settled(self.judgements)) is not None:
            raise error

    def _settled(self, judgements: Sequence[Judgement] | None) -> TelltaleError | None:
        error = settle(judgements) if judgements is not None else None
        return type(error)(self._mask(str(error))) if error is not None else None

    def cut_short(self, error: BaseException) -> BaseException:
        """What the scenario comes to when *error* ended it: a violation that had been shown by then stays one."""
        shown = settle(self.judgements)
        if not isinstance(shown, Violation):
            return error
        return Violation(self._mask(f"{shown}\nthen the scenario was cut short: {one_line(error)}"))

    def close(self) -> None:
        """Take the car off the bench and complete the run folder; what was captured stays readable."""
        if self._closed:
            return
        self._closed = True
        ended = self.now
        try:
            self._session.close()
        finally:
            self.folder.append("timeline.jsonl", map(records.change, self.timeline))
            if self._last_seen:
                self.folder.append("transmissions.jsonl", records.transmissions(self._last_seen, self._secrets))
            self.folder.file("timeline.svg").write_text(self._picture(ended), encoding="utf-8")
            verdict = Verdict.gravest(judgement.verdict for judgement in self.judgements)
            if not self.concluded and verdict is Verdict.COMPLIES:
                verdict = Verdict.INCONCLUSIVE  # it was cut short, so not all of its claims were judged
            run = records.run(self.setup, self.title, self.clauses, verdict)
            seen = {"clocks": records.clocks(self.clocks.rows), CONTROLS: recorded(self._ways.controls)}
            self.folder.write(RUN, {**run, **seen})

    def evidence(self) -> Iterator[Exhibit]:
        """What belongs to the whole scenario, once it is closed."""
        yield Exhibit("clocks", ".txt", in_words(self.clocks.rows))
        yield from evidence.of_run(self.folder, self.timeline, self._last_seen, self.judgements, self._secrets)

    def _picture(self, ended: int) -> str:
        return evidence.picture(
            title=self.title,
            timeline=self.timeline,
            seen=self._last_seen,
            judgements=self.judgements,
            begun=self._begun,
            ended=ended,
            secrets=self._secrets,
        )

    # --- masking ------------------------------------------------------------------------------------------------

    @property
    def _secrets(self) -> tuple[str, ...]:
        return tuple(i.value for i in self._session.identities if isinstance(i.value, str))

    def _mask(self, text: str) -> str:
        return mask_all(text, self._secrets)
