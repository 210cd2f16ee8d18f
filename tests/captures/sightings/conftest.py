"""One run's identities, and a way to search bytes for them."""

from collections.abc import Callable
from random import Random

import pytest

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.sighting import Sighting
from telltale.transmission import Address, Field, Part, Transmission

MEDIA = b"\xff\xd8\xff\xe0 common header \xff\xda" + Random(7).randbytes(200_000)

VALUES = {
    "vin": "LSVAM4187C2184847",
    "iccid": "89860012345678901237",
    "phone_number": "13800138000",
    "email": "li@example.cn",
    "licence_plate": "京A12345",
    "person_name": "张三",
    "nickname": "Zhang San",
    "account_id": "10086",
    "mac_address": "AA:BB:CC:01:02:0D",
    "ip_address": "10.64.0.2",
    "home_address": "北京市海淀区清河中街68号",
    "position": (39.9042, 116.4074),
    "home_position": (-33.856784, 151.215297),
    "cabin_video": MEDIA,
}


def send(*parts: Part, fields: tuple[Field, ...] = (), generated: int | None = None) -> Transmission:
    return Transmission(
        index=3,
        channel="https",
        uplink="cellular",
        sent=0,
        ended=0,
        source=Address(ip="10.64.0.2", port=50000),
        destination=Address(ip="203.0.113.10", port=443),
        summary="POST /",
        parts=parts,
        fields=fields,
        generated=generated,
    )


@pytest.fixture(name="send")
def _send() -> Callable[..., Transmission]:
    """Make a transmission of parts."""
    return send


@pytest.fixture(scope="session")
def values() -> dict[str, object]:
    return VALUES


@pytest.fixture(scope="session")
def identities() -> Identities:
    return Identities([Identity(item=item, value=value) for item, value in VALUES.items()])


@pytest.fixture(scope="session")
def engine(identities: Identities) -> Engine:
    return Engine(identities)


@pytest.fixture
def search(engine: Engine) -> Callable[[bytes], list[Sighting]]:
    """Search a body for the run's identities."""
    return lambda body, **part: engine.search(send(Part(name="body", data=body, **part)))


@pytest.fixture
def seen(search: Callable[[bytes], list[Sighting]]) -> Callable[[bytes], list[tuple[object, ...]]]:
    """Search a body; item, form, chain and the bytes named, in short."""
    return lambda body, **part: [
        (s.item, s.form, s.chain, body[s.offset : s.offset + s.length]) for s in search(body, **part)
    ]
