"""Files at fault. A case is a file in ``broken``: what is expected stands in its first lines.

``# expect: LINE: FIELD: PROBLEM`` is one message of `alliance-sim check`, in the order they are printed; one that ends
in ``...`` may go on.
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import work
from alliance_sim.errors import InputError
from alliance_sim.experiments import Experiment, load_experiment, load_file

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(path.name for path in BROKEN.glob("*.yaml"))
#: Calls of functions that reading a file of 20,000 lines may take, which is most of the work.
LIMIT = 3_000_000
HEAD = "name: mine\ntitle: t\ndescription: d\nscenario: baseline_2025\nsources: [judgement]\nreplications: 1\n"


@pytest.fixture(scope="module")
def messages() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", "check", *FILES],
        cwd=BROKEN, capture_output=True, text=True, encoding="utf-8", timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, f"{len(FILES)} files, 0 ok, {len(FILES)} with problems\n")
    found: dict[str, list[str]] = {}
    for message in done.stderr.splitlines():
        found.setdefault(message.partition(":")[0], []).append(message)
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_problem_of_a_file_is_reported(messages: dict[str, list[str]], name: str) -> None:
    head = [line for line in (BROKEN / name).read_text("utf-8").splitlines() if line.startswith("# expect: ")]
    expected = [line.replace("# expect: ", f"{name}:", 1) for line in head]
    found = [
        want if want.endswith("...") and got.startswith(want[:-3]) else got
        for got, want in zip(messages[name], expected, strict=True)
    ]
    assert found == expected and expected


#: What a file can hold that would take long to look through, and the first message.
LARGE = {
    "levers": ("levers:\n" + "".join(f" l{i}: {{x: {{}}, y: {{}}}}\n" for i in range(10_000)), "levers: has 10,000 en"),
    "options": (f"levers: {{a: {{{', '.join(f'o{i}: {{}}' for i in range(20_000))}}}}}\n", "levers.a: has 20,000 opt"),
    "outcomes": (f"outcomes: [{'cohesion,' * 25_000}]\n", "outcomes: has 25000 entries; allowed: 36"),
    "policies": (f"policies: [{'{a: b},' * 30_000}]\n", "policies: has 30000 entries; allowed: 500"),
    "uncertainties": (
        "uncertainties:\n" + "".join(f" k{i}: 1\n" for i in range(20_000)),
        "uncertainties: has 20,000 entries",
    ),
    "grid": (
        "uncertainties:\n" + "".join(f" susceptibility.{ally}: {{uniform: [0, 1]}}\n" for ally in ("HUN", "POL", "ITA"))
        + "design: {method: grid, points: 1000000}\n",
        "design.points: makes too many",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LARGE)
def test_too_much_is_refused_soon(tmp_path: Path, what: str) -> None:
    content, problem = LARGE[what]
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + content)
    with pytest.raises(InputError) as caught, work.at_most(LIMIT):
        load_experiment(path)
    assert problem in str(caught.value).splitlines()[0]


def test_what_is_no_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"no bundled experiment is called 'europaen_levers_2025' \(nearest: european_l"
    ):
        load_experiment("europaen_levers_2025")
    with pytest.raises(InputError, match=r"no bundled scenario or experiment is called 'x'"):
        load_file("x")
    with pytest.raises(InputError, match=r"missing\.yaml: there is no such file; allowed: .* european_levers_2025"):
        load_experiment(tmp_path / "missing.yaml")
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(InputError, match=r"list\.yaml:1: file: not an experiment; allowed: a mapping of name, "):
        load_experiment(tmp_path / "list.yaml")
    (tmp_path / "scenario.yaml").write_text("name: mine\nextends: baseline_2025\n")
    with pytest.raises(InputError, match=r"scenario\.yaml:2: extends: unknown key"):
        load_experiment(tmp_path / "scenario.yaml")


def test_messages_of_python_name_the_field() -> None:
    fields = {"name": "a", "title": "t", "description": "d", "scenario": "baseline_2025", "sources": ["judgement"]}
    with pytest.raises(InputError, match=r"^replications: is missing .*\nkeep: 'all' is not allowed "):
        Experiment.validated({**fields, "keep": "all"})
    with contextlib.chdir(BROKEN), pytest.raises(InputError, match=r"^scenario: base_of_another\.yml:3: months: 0"):
        Experiment.validated({**fields, "replications": 1, "scenario": "./base_of_another.yml"})
