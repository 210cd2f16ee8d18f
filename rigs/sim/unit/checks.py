"""Reading a unit file: what its shape alone cannot express, each fault with its line and near-misses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rigs.sim.source import Source
from rigs.sim.unit.engine import FACTORY
from rigs.sim.unit.lifefile import BUILT_IN_FACTS
from rigs.sim.unit.model import BUILT_IN, Unit, sends_of, templates_of
from rigs.sim.unit.places import AXES, known_places
from rigs.sim.unit.templates import TemplateError, names
from rigs.sim.unit.terms import Facts, Value
from telltale.errors import InputError, near_miss
from telltale.items import taxonomy
from telltale.yamlfile import Location


def load_unit(path: Path, *, dbc: Path | None = None) -> Unit:
    """The unit file at *path*; with *dbc*, its signals are looked up there.

    :raises InputError: with file and line, for the first thing that is wrong
    """
    return checked(Source.read(path), dbc=dbc)


def checked(source: Source, *, dbc: Path | None = None) -> Unit:
    """A unit file that has been read, and perhaps patched, as a model; raises as `load_unit` does."""
    unit = source.check(Unit)
    _check_facts(unit, source)
    _check_sources(unit, source)
    _check_sends(unit, source)
    _check_templates(unit, source)
    if unit.diagnosis and (fault := unit.diagnosis.fault(unit.state)):
        raise source.fault(("diagnosis", *fault[0]), fault[1])
    if dbc:
        _check_signals(unit, source, dbc)
    later = {name: checked(_updated(source, name), dbc=dbc).plain() for name in unit.versions}
    return unit.model_copy(update={"versions": later})


def _updated(source: Source, version: str) -> Source:
    """The file as it is after the update to *version*."""
    patched = source.patched(source.data["versions"][version], source, ("versions", version))
    data = {key: value for key, value in patched.data.items() if key != "versions"}
    return replace(patched, data={**data, "software": version})


def known_facts(unit: Unit) -> dict[str, tuple[Value, ...]]:
    """Every fact that the unit's conditions may name, with its possible values; none listed: any."""
    own = {
        name: (*fact.values.values(), *(() if fact.default is None else (fact.default,))) if fact.values else ()
        for name, fact in unit.state.items()
    }
    return {**(BUILT_IN_FACTS if unit.life else {}), **own}


def _check_facts(unit: Unit, source: Source) -> None:
    conditions: list[tuple[Location, Facts]] = [
        (("functions", name, key), facts)
        for name, function in unit.functions.items()
        for key, facts in (("while", function.while_), ("unless", function.unless))
    ]
    conditions.append((("gate",), unit.gate))
    for place, _, send in sends_of(unit):
        conditions += [((*place, "while"), send.while_), ((*place, "when"), send.when)]
    if unit.life:
        for fact in set(unit.state) & set(BUILT_IN_FACTS):
            raise source.fault(("state", fact), f"`{fact}` is a fact that a unit with a `life` knows by itself")
        conditions += [(("life", "kept awake by", n), facts) for n, facts in enumerate(unit.life.kept_awake_by)]
        conditions += [(("life", "woken by", cause), getattr(unit.life.woken_by, cause)) for cause in ("can", "door")]
    known = known_facts(unit)
    for place, facts in conditions:
        for fact, wanted in facts.items():
            if fact not in known:
                raise source.fault((*place, fact), f"unknown fact `{fact}`" + near_miss(fact, known))
            possible = known[fact]
            for value in wanted if isinstance(wanted, list) else [wanted]:
                if possible and value not in possible:
                    raise source.fault(
                        (*place, fact),
                        f"`{fact}` is never `{value}`" + near_miss(str(value), map(str, possible)),
                    )


def _check_sources(unit: Unit, source: Source) -> None:
    for name, fact in unit.state.items():
        for item in fact.near or ():
            if item not in known_places():
                raise source.fault(("state", name, "near"), f"`{item}` is no place" + near_miss(item, known_places()))


def _check_sends(unit: Unit, source: Source) -> None:
    for place, function, send in sends_of(unit):
        if send.follows and send.follows not in function.sends:
            message = f"`{send.follows}` is no send of this function" + near_miss(send.follows, function.sends)
            raise source.fault((*place, "follows"), message)
        mend = send.if_it_fails.queue if send.if_it_fails else None
        for key, queue in (("queue", send.queue), ("flush", send.flush), ("drop", send.drop), ("if it fails", mend)):
            if queue and queue not in unit.queues:
                raise source.fault((*place, key), f"unknown queue `{queue}`" + near_miss(queue, unit.queues))
        filmed = send.media and send.media.partition("|")[0]
        if filmed and (filmed not in taxonomy() or taxonomy()[filmed].kind != "media"):
            media = [item.name for item in taxonomy().values() if item.kind == "media"]
            raise source.fault((*place, "media"), f"unknown media item `{filmed}`" + near_miss(filmed, media))
        if send.at == "wake" and not unit.life:
            raise source.fault((*place, "at"), "the unit has no `life`, so it never wakes")
        if send.on_command and not unit.command_link:
            raise source.fault((*place, "on command"), "the unit has no `command link`")


def _check_templates(unit: Unit, source: Source) -> None:
    written = unit.diagnosis.written if unit.diagnosis else ()
    places = known_places()
    axes = {f"{place}.{axis}" for place in places for axis in AXES}
    known = {*known_facts(unit), *taxonomy(), *BUILT_IN, *axes, *(f"{item}{FACTORY}" for item in written)} - places
    for place, text in templates_of(unit):
        try:
            wanted = names(text)
        except TemplateError as error:
            raise source.fault(place, str(error)) from None
        for name in wanted:
            if name not in known:
                raise source.fault(place, f"`{{{name}}}` is no fact, item or moment" + near_miss(name, known))


def _check_signals(unit: Unit, source: Source, dbc: Path) -> None:
    import cantools  # noqa: PLC0415 - a fifth of a second that most readers of a unit file need not spend
    from cantools.database.can import Database  # noqa: PLC0415

    from rigs.drivers.messages import MessageSet  # noqa: PLC0415 - for the same reason

    try:
        database = cantools.database.load_file(dbc)
    except FileNotFoundError:
        siblings = [path.name for path in dbc.parent.glob("*.dbc")]
        raise InputError("no such file" + near_miss(dbc.name, siblings), file=dbc) from None
    except (OSError, cantools.Error) as error:
        raise InputError(f"is no CAN database: {' '.join(str(error).split())}", file=dbc) from None
    if not isinstance(database, Database):
        raise InputError("is no CAN database", file=dbc)
    signals = {f"{message.name}.{signal.name}" for message in database.messages for signal in message.signals}
    for name, fact in unit.state.items():
        if fact.can and fact.can not in signals:
            message = f"{dbc.name} has no signal `{fact.can}`" + near_miss(fact.can, signals)
            raise source.fault(("state", name, "can"), message)
    if unit.life and (network := unit.life.network_management):
        place = ("life", "network management")
        if fault := MessageSet(database).check({network.message: network.signals}):
            known_place = ("message",) if len(fault[0]) == 1 else ("signals", *fault[0][1:])
            raise source.fault((*place, *known_place), fault[1])
