"""Broken files. A case is a file in ``broken``; its first lines hold the expected messages.

``# expect: LINE: FIELD: PROBLEM`` is one message of `alliance-sim check`, in the order they are printed; one that ends
in ``...`` may go on.
"""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import work
from alliance_sim.errors import InputError
from alliance_sim.scenarios import load_scenario

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(path.name for path in BROKEN.glob("*.yaml"))
HEAD = "name: mine\ntitle: t\ndescription: d\nera: 2025\nstart: 2025-06\nmonths: 12\nsources: [hypothetical]\n"
EVENT = "{month: 1, type: hybrid_campaign, size: 0.1, source: s"
SHIFT = "- {month: 1, type: shift, name: %s, by: 0.1, source: s}\n"
DEEP = 100_000
#: Bytes of memory that checking may take.
MEMORY = 500_000_000


def check(*files: str, folder: Path) -> list[str]:
    """Return the messages of the command `check` about files that are all broken, within limits on time and memory."""
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", "check", *files],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, f"{len(files)} files, 0 ok, {len(files)} with problems\n"), done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()


def fits(message: str, expected: str) -> bool:
    return message.startswith(expected[:-3]) if expected.endswith("...") else message == expected


@pytest.fixture(scope="module")
def messages() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for message in check(*FILES, folder=BROKEN):
        found.setdefault(message.partition(":")[0], []).append(message)
    return found


def expectations(name: str) -> Iterator[str]:
    for line in (BROKEN / name).read_text("utf-8").splitlines():
        if not line.startswith("# expect: "):
            return
        yield f"{name}:{line.removeprefix('# expect: ')}"


@pytest.mark.parametrize("name", FILES)
def test_every_problem_of_a_file_is_reported(messages: dict[str, list[str]], name: str) -> None:
    expected, found = list(expectations(name)), messages[name]
    assert expected
    assert len(found) == len(expected) and all(map(fits, found, expected)), "\n".join(found)


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


#: Files that cannot hold an expectation: content, and the first message.
CONTENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "1: file: the file is empty; allowed: a mapping of name, title, ..."),
    "blank": (b"\n" * 200_000, "1: file: the file is empty; allowed: ..."),
    "binary": (bytes(range(256)) * 64, "2: file: byte 128 is not UTF-8; allowed: text in UTF-8"),
    "utf16": (HEAD.encode("utf-16"), "1: file: byte 0 is not UTF-8; allowed: text in UTF-8"),
    "latin1": (HEAD.replace("title: t", "title: Wałęsa").encode("iso-8859-2"), "2: file: byte 20 is not UTF-8; ..."),
    "nul": ((HEAD + "events: \0\n").encode(), "8: file: not YAML: control characters are not allowed"),
    "escape": ((HEAD + 'events: "\\e[2J"\n').encode(), "8: events: '\\x1b[2J' is not allowed; allowed: a list"),
    "obeyed": (
        HEAD.replace("title: t", 'title: "\\e[2J"').encode(),
        "2: title: holds control characters ('\\x1b'); ...",
    ),
    "newline_in_a_key": ((HEAD + '"a\\nb": 1\n').encode(), "8: 'a\\nb': unknown key; allowed: name, ..."),
    "with_a_mark": (("\ufeff" + HEAD + "evnts: []\n").encode(), "8: evnts: unknown key (nearest: events); ..."),
    "windows": ((HEAD + "evnts: []\n").replace("\n", "\r\n").encode(), "8: evnts: unknown key (nearest: events); ..."),
    "mac": ((HEAD + "evnts: []\n").replace("\n", "\r").encode(), "8: evnts: unknown key (nearest: events); ..."),
    "big": (b"#" * 50_000_000, " the file has 50,000,000 bytes; allowed: 250,000"),
    "bomb": (bomb(60).encode(), "1: file: the anchor '&a0' is not allowed; ..."),
    "deep_lists": (f"{HEAD}events: {'[' * DEEP}".encode(), "8: file: nested too deeply; allowed: 20 levels"),
    "deep_mappings": (f"{HEAD}events: {'{a: ' * 50_000}".encode(), "8: file: nested too deeply; allowed: 20 levels"),
    "deep_dashes": (("- " * DEEP).encode(), "1: file: nested too deeply; allowed: 20 levels"),
    "deep_keys": (("? " * DEEP).encode(), "1: file: nested too deeply; allowed: 20 levels"),
    "deep_blocks": (
        "\n".join(f"{' ' * i}a:" for i in range(600)).encode(),
        "21: file: nested too deeply; allowed: 20 levels",
    ),
    "long_line": (f"{HEAD}evnts: {'x' * 200_000}\n".encode(), "8: evnts: unknown key (nearest: events); allowed: ..."),
    "long_key": (f"{HEAD}? {'x' * 200_000}\n: 1\n".encode(), f"8: '{'x' * 79}...: unknown key; allowed: name, ..."),
    "long_ally": (
        f"{HEAD}events: [{EVENT}, target: {'x' * 200_000}}}]\n".encode(),
        f"8: events[0].target[0]: '{'x' * 79}... is not the code ...",
    ),
    "long_number": (
        f"{HEAD}parameters: {{tolerated_move: {'9' * 200_000}}}\n".encode(),
        "8: parameters.tolerated_move: inf is not allowed; allowed: a finite number",
    ),
    "base_60": (
        f"{HEAD}parameters: {{tolerated_move: 1{':59' * 70_000}}}\n".encode(),
        "8: parameters.tolerated_move: '1:59:59...",
    ),
    "hexadecimal": (
        f"{HEAD}parameters: {{tolerated_move: 0x{'f' * 200_000}}}\n".encode(),
        "8: parameters.tolerated_move: '0xffff...",
    ),
    "many_keys": (HEAD.encode() + b"".join(b"k%d: 1\n" % i for i in range(20_000)), "8: k0: unknown key; allowed: ..."),
    "many_parameters": (
        f"{HEAD}parameters:\n".encode() + b"".join(b"  kap%d: 1\n" % i for i in range(15_000)),
        "8: parameters: has 15,000 entries; ...",
    ),
    "many_events": ((HEAD + "events:\n" + "- 4\n" * 60_000).encode(), "8: events: has 60,000 entries; allowed: 2,000"),
    "many_faults": (
        (HEAD + "events:\n" + "- 4\n" * 2_000).encode(),
        "9: events[0]: 4 is not allowed; allowed: a mapping",
    ),
    "many_hints": (
        (HEAD + "events:\n" + "".join(SHIFT % f"position.sanctions.H{i}" for i in range(2_000))).encode(),
        "9: events[0].name: 'position.sanctions.H0' is neither a parameter nor a state; allowed: ...",
    ),
    "many_hints_of_long_names": (
        (HEAD + "events:\n" + "".join(SHIFT % f"susceptibility_and_norm_{i}" for i in range(2_000))).encode(),
        "9: events[0].name: 'susceptibility_and_norm_0' is neither a parameter nor a state (nearest: suscep...",
    ),
    "many_wrong_parameters": (
        f"{HEAD}parameters:\n".encode() + b"".join(b"  position.sanctions.P%d: 1\n" % i for i in range(500)),
        "9: parameters.position.sanctions.P0: no parameter is called ...",
    ),
    "almost_a_number": (
        f"{HEAD}events: [{EVENT.replace('0.1', '9' * 20_000 + 'x')}}}]\n".encode(),
        "8: events[0].size: '9999...",
    ),
    "many_targets": (
        f"{HEAD}events: [{EVENT}, target: [{'POL,' * 60_000}]}}]\n".encode(),
        "8: events[0].target: POL: named twice; ...",
    ),
    "many_drops": (
        b"name: a\nextends: baseline_2025\ndrop: [" + b"nac," * 60_000 + b"]\n",
        "3: drop: has 60,000 entries; ...",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    for name, (content, _) in CONTENTS.items():
        (folder / f"{name}.yaml").write_bytes(content)
    (folder / "folder.yaml").mkdir()
    return folder


@pytest.fixture(scope="module")
def first_messages(folder: Path) -> dict[str, str]:
    """Return the first message of every file, all checked in one process."""
    others = ["folder.yaml", "missing.yaml", "nul\udcff.yaml", "a" * 300 + ".yaml", "/dev/null"]
    found: dict[str, str] = {}
    for message in check(*(f"{name}.yaml" for name in CONTENTS), *others, folder=folder):
        found.setdefault(message.partition(":")[0], message)
    return found


@pytest.mark.parametrize("name", CONTENTS)
def test_content_that_is_no_scenario_is_refused(first_messages: dict[str, str], name: str) -> None:
    message = first_messages[f"{name}.yaml"]
    assert fits(message, f"{name}.yaml:{CONTENTS[name][1]}"), message
    assert message.isprintable() and len(message) < 2000


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("folder.yaml/*.yaml", "there is no such file; ..."),
        ("/dev/null", "is no file; ..."),
        ("missing.yaml", "there is no such file; allowed: a .yaml file, or one of baseline_2018, ..."),
        ("a" * 300 + ".yaml", "the file cannot be read (File name too long)"),
    ],
)
def test_paths_that_are_no_files_are_refused(first_messages: dict[str, str], path: str, problem: str) -> None:
    assert fits(first_messages[path], f"{path}: {problem}"), first_messages[path]


@pytest.mark.parametrize("name", CONTENTS)
def test_no_content_takes_long(folder: Path, name: str) -> None:
    with work.at_most(3_000_000), contextlib.suppress(InputError):  # about a second
        load_scenario(folder / f"{name}.yaml")


def test_nothing_in_a_file_is_run(messages: dict[str, list[str]]) -> None:
    assert "python/object/apply:os.system" in messages["code_to_run.yaml"][0]
    assert not (BROKEN / "ran").exists()


@pytest.mark.parametrize("length", [20, 21, 1_200])
def test_a_chain_of_files_has_a_limit(tmp_path: Path, length: int) -> None:
    (tmp_path / "f0.yaml").write_text(f"{HEAD}events: [{EVENT}}}]\n")
    for i in range(1, length):
        (tmp_path / f"f{i}.yaml").write_text(f"name: f{i}\nextends: ./f{i - 1}.yaml\n")
    last = tmp_path / f"f{length - 1}.yaml"
    if length > 20:
        with pytest.raises(InputError, match=r"extends: goes on for more than 20 files; allowed: 20$"):
            load_scenario(last)
    else:
        assert len(load_scenario(last).events) == 1


def test_messages_show_control_characters_of_paths_and_names_as_escapes(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\n\u202e.yaml"
    for content in (None, HEAD + "evnts: []\n"):
        if content:
            path.write_text(content)
        with pytest.raises(InputError) as caught:
            load_scenario(path)
        assert r"a\x1b[2J\n\u202e.yaml:" in str(caught.value) and str(caught.value).isprintable()
    assert str(InputError("\x1b[2J\nb")) == "\\x1b[2J\nb"
