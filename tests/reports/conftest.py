"""Transmissions and sightings that the pages and tables are made of."""

from __future__ import annotations

import pytest

from telltale.sighting import Sighting
from telltale.times import SECOND
from telltale.transmission import Address, Part, Transmission

MOMENT = 1_795_338_346 * SECOND
"""2026-11-22T09:05:46Z."""


@pytest.fixture
def sent():
    """Makes a transmission of the given parts (name to bytes)."""

    def make(*, index=13, bench=MOMENT, host="ux-plan.xiaomiev.test", fields=(), channel="https", **parts):
        return Transmission(
            index=index,
            channel=channel,
            uplink="cellular",
            sent=MOMENT + 2 * SECOND,
            ended=MOMENT + 2 * SECOND,
            bench=bench,
            source=Address(ip="10.64.0.2", port=40112),
            destination=Address(ip="203.0.113.10", port=443),
            host=host,
            summary="POST /v1/records",
            kind="POST",
            path="/v1/records",
            status=204,
            frames=(120, 126),
            parts=tuple(Part(name=name, data=data) for name, data in parts.items()),
            fields=tuple(fields),
        )

    return make


@pytest.fixture
def seen():
    """Makes a sighting of *text* in *data*."""

    def make(data, text, *, value, item="vin", form="plain", chain=(), part="body", index=13):
        return Sighting(
            transmission=index,
            item=item,
            value=value,
            form=form,
            chain=chain,
            part=part,
            offset=data.index(text),
            length=len(text),
        )

    return make
