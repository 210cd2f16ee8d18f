"""Strict YAML: one line with file, line, what was given, near-miss and mend."""

import pytest
from pydantic import Field

from telltale.errors import InputError
from telltale.yamlfile import Duration, Strict, check, load, read, read_whole


class Leg(Strict):
    every: Duration
    via: str = "cellular"


class File(Strict):
    unit_name: str
    legs: dict[str, Leg] = Field(default_factory=dict)
    ports: tuple[int, ...] = ()
    switch: str = "off"


def reading(tmp_path, text):
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, File)


def complaint(tmp_path, text):
    with pytest.raises(InputError) as caught:
        reading(tmp_path, text)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(str(tmp_path / "x.yaml"))


def test_a_sound_file_is_read_with_spaces_in_its_keys_and_words_left_words(tmp_path):
    read = reading(tmp_path, "unit name: su7\nswitch: on\nlegs:\n  report: {every: 10 s}\n")
    assert (read.unit_name, read.switch, read.legs["report"].every) == ("su7", "on", 10_000_000_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unit name: a\nlegz: {}\n", ":2: unknown key `legz`; did you mean `legs`?"),
        ("unit name: a\nlegs:\n  r:\n    evry: 1 s\n", ":4: unknown key `evry`; did you mean `every`?"),
        ("unit name: a\nlegs:\n  r:\n    via: wifi\n", ":3: `legs.r.every` is missing"),
        ("legs: {}\n", ":1: `unit name` is missing"),
        ("unit name: a\nlegs:\n  r: {every: soon}\n", ":3: `legs.r.every` is `soon`: `soon` is not a duration"),
        ("unit name: a\nports:\n  - 1\n  - x\n", ":4: `ports.1` is `x`: input should be a valid integer"),
        ("unit name: a\nunit name: b\n", ":2: repeats the key `unit name`"),
        ("unit name: [\n", ":2: is not YAML"),
        ("unit name:a\nlegs: {}\n", ":1: is not YAML: a blank is missing after `unit name:`"),
        ("legs: {}\nunit name:a\nswitch: on\n", ":2: is not YAML: a blank is missing after `unit name:`"),
        ("legs: {}\nunit name:a\n", ":2: is not YAML: a blank is missing after `unit name:`"),
        ("unit name:a\n\n# on\nswitch: on\n", ":1: is not YAML: a blank is missing after `unit name:`"),
        ("unit name: http://a.b\nswitch: a: b\n", ":2: is not YAML: mapping values are not allowed here"),
        ("unit name:a\n", ":1: holds text, expected a mapping"),
        ("- a\n", ":1: holds a list, expected a mapping with `unit name`"),
        ("", ":1: holds nothing, expected a mapping"),
    ],
)
def test_each_mistake_is_one_line_with_its_place(tmp_path, text, expected):
    assert complaint(tmp_path, text).startswith(expected)


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "xiaomi-su7.yaml").touch()
    with pytest.raises(InputError, match=r"no such file; did you mean `xiaomi-su7.yaml`\?"):
        load(tmp_path / "xiaomi-su8.yaml", File)


def test_a_python_object_in_a_file_is_refused(tmp_path):
    assert "is not YAML" in complaint(tmp_path, "unit name: !!python/object/apply:os.getcwd []\n")


def test_a_date_that_is_none_is_one_line(tmp_path):
    """YAML's own reader raises what Python's dates raise."""
    path = tmp_path / "f.yaml"
    path.write_text("on: 2026-13-22\n")
    with pytest.raises(InputError, match=r"f\.yaml: holds a value that YAML cannot read: month must be in 1\.\.12"):
        read(path)


def whole(tmp_path, **files):
    """Write `x.yaml` and its parts `x/*.yaml`, and read them as one."""
    (tmp_path / "x").mkdir()
    for name, text in files.items():
        (tmp_path / ("x.yaml" if name == "x" else f"x/{name}.yaml")).write_text(text, encoding="utf-8")
    return read_whole(tmp_path / "x.yaml")


def test_parts_add_to_their_file(tmp_path):
    """Mappings are joined and lists go on; each line is known with its file."""
    data, lines = whole(
        tmp_path,
        x="unit name: a\nlegs: {r: {every: 1 s}}\nports: [1]\n",
        b="legs:\n  s: {every: 2 s}\n",
        c="ports: [2]\n",
    )
    assert data == {"unit name": "a", "legs": {"r": {"every": "1 s"}, "s": {"every": "2 s"}}, "ports": [1, 2]}
    assert (lines["legs", "s"], lines["legs", "s"].file.name) == (2, "b.yaml")
    assert (lines["ports", 1], lines["ports", 1].file.name) == (1, "c.yaml")


def test_parts_do_without_their_file(tmp_path):
    """A folder of parts is enough."""
    assert whole(tmp_path, b="legs: {}\n")[0] == {"legs": {}}


def test_what_is_said_twice_is_an_error_that_names_both_places(tmp_path):
    """Nobody has to guess which of two parts wins."""
    with pytest.raises(InputError) as caught:
        whole(tmp_path, x="legs: {r: {every: 1 s}}\n", b="\nlegs: {r: {every: 2 s}}\n")
    told = str(caught.value).removeprefix(str(tmp_path))
    assert told == "/x/b.yaml:2: `legs.r.every` stands in x.yaml:1 already; a part may only add to it"


def test_a_slip_in_a_part_is_told_with_the_part(tmp_path):
    """File and line are those where it stands."""
    data, lines = whole(tmp_path, x="unit name: a\n", b="\nlegs: {r: {evry: 1 s}}\n")
    with pytest.raises(InputError, match=r"x/b\.yaml:2: unknown key `evry`; did you mean `every`\?"):
        check(data, File, tmp_path / "x.yaml", lines)
