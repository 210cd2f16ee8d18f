"""Compiled databases that are kept on disk, and searches behind a gate."""

import random
import stat
from pathlib import Path

import pytest

from captures.sightings import Engine
from captures.sightings.scanner import Expression, with_hyperscan, with_re
from telltale.identity import Identities, Identity

pytest.importorskip("hyperscan", reason="hyperscan has no wheel for this platform")

SHAPE = [Expression(rb"[a-c]{3}[0-9]", 4, fixed=True)]
TEXT = b"xxabc1 abc2"


@pytest.fixture(name="cache")
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "telltale" / "hyperscan"


def test_what_is_the_same_in_every_run_is_kept_for_its_owner_alone(cache):
    """A file of mode 0600 in a folder of mode 0700, which the next search reads."""
    first = with_hyperscan(SHAPE)(TEXT)
    (kept,) = cache.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    made = kept.stat().st_mtime_ns
    assert with_hyperscan(SHAPE)(TEXT) == first == with_re(SHAPE)(TEXT)
    assert kept.stat().st_mtime_ns == made


@pytest.mark.parametrize("damage", [(0, b""), (-9, b""), (-200, b"changed" * 40)], ids=["empty", "cut", "changed"])
def test_a_damaged_file_is_made_anew(cache, damage):
    """An empty file, one that is cut off, and one that is changed cost time and nothing else."""
    first = with_hyperscan(SHAPE)(TEXT)
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    end, more = damage
    kept.write_bytes(whole[:end] + more)
    assert with_hyperscan(SHAPE)(TEXT) == first
    assert kept.read_bytes() == whole


def test_a_file_that_others_can_write_is_not_read(cache):
    """What somebody else may have put there is replaced."""
    first = with_hyperscan(SHAPE)(TEXT)
    (kept,) = cache.iterdir()
    other = [Expression(rb"[a-c]{3}[1]", 4, fixed=True)]
    with_hyperscan(other)
    (planted,) = set(cache.iterdir()) - {kept}
    kept.write_bytes(planted.read_bytes())
    kept.chmod(0o666)
    assert with_hyperscan(SHAPE)(TEXT) == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert with_hyperscan(SHAPE)(TEXT) == with_re(SHAPE)(TEXT)


def test_a_relative_folder_is_passed_over(tmp_path, monkeypatch):
    """XDG Base Directory Specification: such a value is as good as none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with_hyperscan(SHAPE)
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_nothing_of_an_identity_is_kept(cache):
    """Another car's search finds everything kept and adds nothing."""
    vins = ("LSVAM4187C2184847", "LNBSCB3F6A0D00001")
    kept: list[set[Path]] = []
    for vin in vins:
        identities = Identities([Identity(item="vin", value=vin), Identity(item="position", value=(39.9042, 116.4074))])
        Engine(identities, recognise=True, keys=[vin.encode()])
        kept.append(set(cache.iterdir()))
    assert len(kept[0]) > 1
    assert kept[0] == kept[1]
    assert not any(vin.encode() in file.read_bytes() for vin in vins for file in kept[0])


def test_behind_a_gate_the_same_is_seen():
    """Wherever a match stands to the windows that the gate is looked for in, it is told once; edges are no borders."""
    source = rb"(?:^|[^0-9a-z])[a-z]{4}[0-9]{4}\b"
    wanted = [Expression(source, 8, gate=rb"[0-9a-z]{8}")]
    chance = random.Random(3)
    for edge in (1 << 14, 1 << 15):
        for at in range(edge - 80, edge + 80, 3):
            data = bytearray(b"." * 3 * (1 << 14))
            data[at : at + 8] = b"abcd1234"
            for other in (chance.randrange(edge - 70, edge + 70), chance.randrange(len(data) - 9)):
                data[other : other + 9] = b".wxyz5678"
            data[10:19] = b"aabcd1234"
            assert with_hyperscan(wanted)(bytes(data)) == with_re(wanted)(bytes(data))
