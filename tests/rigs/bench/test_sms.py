"""Text messages through a second modem: the driver against the simulated one."""

import contextlib
import json
import socket

import pytest

from rigs.addresses import SmsAddress
from rigs.drivers.sms import SmsModem
from telltale.errors import InputError, RigError


@pytest.fixture
def modem(host, tmp_path):
    made = SmsModem(SmsAddress(port=host.sms_port, number="+10000000000"), tmp_path / "sms.log")
    yield made
    made.close()


def received(host):
    texts = []
    try:
        while True:
            texts.append(json.loads(host.air.unit_end.recv(4096, socket.MSG_DONTWAIT))["text"])
    except BlockingIOError:
        return texts


def test_a_text_reaches_the_unit_once_the_network_has_taken_it(modem, host, tmp_path):
    """And waits there while the unit is off."""
    modem.send("WAKEUP 17")
    modem.send("WAKEUP 18")
    assert received(host) == ["WAKEUP 17", "WAKEUP 18"]
    assert '> AT+CMGS="+10000000000"' in (tmp_path / "sms.log").read_text()


@pytest.mark.parametrize("text", ["x" * 161, "唤醒", "two\nlines"])
def test_what_is_no_single_plain_message_is_not_sent(modem, host, text):
    with pytest.raises(InputError, match="is no text of at most 160 plain letters"):
        modem.send(text)
    assert received(host) == []


def test_a_network_that_takes_no_more_is_told(modem, host):
    """More wait for the unit than its operator keeps."""
    with contextlib.suppress(BlockingIOError):
        while True:
            host.air.text("+1", "x" * 1000)
    with pytest.raises(RigError, match=r"refused `WAKEUP`: \+CMS ERROR: 322"):
        modem.send("WAKEUP")
