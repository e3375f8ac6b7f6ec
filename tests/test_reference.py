"""Results of the bundled scenarios are those of the reference, to the byte where bits are promised.

``reference.json`` holds, for each bundled scenario, the SHA-256 of ``run NAME --draws 50 --json`` and the mean of each
outcome over draws in the last month; outcomes that are added later are left out. A change that is not meant to change
results leaves it as it is; one that is renews it by ``python tests/test_reference.py`` and says so in the changelog.

Names of the JSON output that a version changes are mapped back by `RENAMED` before the bytes are compared, so that a
change of names alone needs no new reference.
"""

import contextlib
import hashlib
import io
import json
import math
from collections.abc import Collection
from pathlib import Path

import pytest

from alliance_sim.cli import main
from alliance_sim.scenarios import list_scenarios
from alliance_sim.simulation import versions

REFERENCE = Path(__file__).with_name("reference.json")
DRAWS = 50
#: New name to the name in the reference. None has changed yet: parameters have, and `run` prints none.
RENAMED: dict[str, str] = {}
#: What the last bit depends on besides the program.
PLATFORM = ("cpu", "numba", "numpy")


def output(name: str) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        main(["run", name, "--draws", str(DRAWS), "--json"])
    found = text.getvalue().rstrip("\n")
    for new, old in RENAMED.items():
        found = found.replace(f'"{new}"', f'"{old}"')
    return found


def only(text: str, outcomes: Collection[str]) -> str:
    """Return the output without outcomes that came later, and without what is worked out from them."""
    data = json.loads(text)
    data["outcomes"] = {name: values for name, values in data["outcomes"].items() if name in outcomes}
    data["decisions"] = [{k: v for k, v in row.items() if k != "level_passed"} for row in data["decisions"]]
    return json.dumps({key: value for key, value in data.items() if key not in ("headline", "restore")})


def summary(text: str) -> dict[str, float]:
    return {name: values["mean"][-1] for name, values in json.loads(text)["outcomes"].items()}


def platform() -> dict[str, str]:
    return {name: versions()[name] for name in PLATFORM}


@pytest.mark.parametrize("name", list_scenarios())
def test_results_are_those_of_the_reference(name: str) -> None:
    reference = json.loads(REFERENCE.read_text("utf-8"))
    found, expected = output(name), reference["scenarios"][name]
    means = summary(found)
    assert json.dumps(json.loads(found)) == found
    for outcome, value in expected["means"].items():
        assert math.isclose(means[outcome], value, rel_tol=1e-6, abs_tol=1e-9), outcome
    if platform() == reference["platform"]:
        kept = only(found, expected["means"])
        assert hashlib.sha256(kept.encode()).hexdigest() == expected["sha256"]


def test_the_reference_holds_the_bundled_scenarios() -> None:
    assert sorted(json.loads(REFERENCE.read_text("utf-8"))["scenarios"]) == sorted(list_scenarios())


if __name__ == "__main__":
    texts = {name: output(name) for name in list_scenarios()}
    scenarios = {
        name: {"sha256": hashlib.sha256(only(text, summary(text)).encode()).hexdigest(), "means": summary(text)}
        for name, text in texts.items()
    }
    REFERENCE.write_text(json.dumps({"platform": platform(), "scenarios": scenarios}, indent=1) + "\n", "utf-8")
