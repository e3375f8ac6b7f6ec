"""The command claims: the score of derived claims first, what each came to, exit status, JSON, and what to run next."""

import json

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.cli.reports.claims import next_command
from alliance_sim.cli.reports.mechanisms import MECHANISM_LABELS, effect_left
from alliance_sim.registry.actors import EUROPEANS
from alliance_sim.registry.parameters import STRENGTHS
from alliance_sim.validation import claims as module
from alliance_sim.validation.claim_definitions import definitions
from alliance_sim.validation.claim_mechanisms import Mechanism
from alliance_sim.validation.claims import KINDS, ClaimResult, judged, score
from command_line import Shell

ZEROS, ONES = np.zeros(100), np.ones(100)
CARRIED = (
    Mechanism("susceptibility", "fails", -0.25),
    Mechanism("cover", "holds", 0.5),
    Mechanism("consultation", "holds", 0.001),
    *(Mechanism(name, "holds", 0.5) for name in ("coercion", "pledge", "softening")),
)
HELD_BACK = (Mechanism("hedge", "holds", None),)


def result(name: str, *values: tuple[np.ndarray, np.ndarray], mechanisms: bool = False) -> ClaimResult:
    """Return what a claim comes to; `values` are those of the base and the other of each part."""
    found = {}
    for part, pair in zip(definitions()[name].parts, values, strict=True):
        found.update(zip(part.needs, pair, strict=False))
    return judged(definitions()[name], found, 1, CARRIED * mechanisms, HELD_BACK * mechanisms)


UP, DOWN, SAME = (ZEROS, ONES), (ONES, ZEROS), (ZEROS, ZEROS)
#: Margins of two items: the first is the smaller one.
FRAGILE = np.tile([0.0, 1.0], (100, 1))


def shown(monkeypatch: pytest.MonkeyPatch, *found: ClaimResult) -> None:
    def run(draws: int, seed: int, change: object, progress: object) -> list[ClaimResult]:
        return list(found) if (draws, seed) == (300, 2) else []

    monkeypatch.setattr(module, "claims", run)


ASKED = ("claims", "--draws", "300", "--seed", "2")


@pytest.mark.parametrize("width", [80, 120])
def test_derived_claims_come_first_with_their_score(shell: Shell, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    a1 = result("A1", (ONES,), (np.full(100, np.nan),), (ZEROS,))
    a3 = result("A3", (np.ones((100, len(EUROPEANS))),), (ONES,), (ONES,), (ZEROS,), (ONES,))
    shown(monkeypatch, result("A9", DOWN, DOWN, mechanisms=True), result("B6", UP, SAME), a1, a3)
    out = shell.good(*ASKED)
    lines = out.splitlines()
    assert lines[0] == "Derived claims: 1 of 2 hold, 1 undecided, 0 failed"
    assert lines[1] == "300 paired draws of each scenario, seed 2; 95 % intervals, of margins 90 %"
    assert max(map(len, lines)) <= width and "…" not in out
    assert out.index("A9 holds  A ¶4, said") < out.index("B6 undecided  B ¶11") < out.index("A1 fails  A ¶1")
    text = " ".join(out.split())
    assert "cohesion against the baseline" in text and " lower: P >= 0.8 1.000 [0.963, 1.000] holds" in text
    assert " >= 0.8 not known [0.000, 1.000] undecided" in text
    assert ">= 0.8 0.000 [0.000, 0.000] (fails)" in text  # a part that is not tested
    assert (
        "carried by influence of allies on each other's positions (fails, effect reversed, 25 % as large), cover "
        "for those with ties to Russia (holds, 50 % of the effect left), consultation before meetings (holds, effect "
        "gone), "
    ) in text and " and 2 more " in text
    assert "held back by posture and spending that rise as the guarantee weakens (holds) " in text
    assert f"carried by no single mechanism: {definitions()['A3'].carried_reason} " in text
    assert lines[-1] == "Next: alliance-sim compare baseline_2018 helsinki_2018"


def test_every_mechanism_has_a_label() -> None:
    assert MECHANISM_LABELS.keys() == set(STRENGTHS)
    assert len(set(MECHANISM_LABELS.values())) == len(STRENGTHS)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.004, "effect gone"),
        (-0.004, "effect gone"),
        (-0.006, "effect reversed, 1 % as large"),
        (0.994, "99 % of the effect left"),
        (1.004, "effect as large"),
        (2.5, "effect 250 % as large"),
    ],
)
def test_what_becomes_of_an_effect_is_said_in_words(share: float, words: str) -> None:
    assert effect_left(share) == words


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ((result("A9", DOWN, UP),), 1),
        ((result("A9", DOWN, SAME),), 0),
        ((result("A9", DOWN, DOWN), result("A2b", DOWN), result("B14", DOWN)), 0),
    ],
)
def test_exit_status_is_1_only_if_a_derived_claim_fails(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, found: tuple[ClaimResult, ...], status: int
) -> None:
    shown(monkeypatch, *found)
    assert shell(*ASKED)[0] == shell(*ASKED, "--json")[0] == status


def test_the_next_command_shows_the_worst_part_of_a_derived_claim() -> None:
    fails = result("B15", (ZEROS,), (FRAGILE,))
    assert fails.holds == "fails"
    assert next_command([result("A9", DOWN, DOWN), fails], []) == (
        "alliance-sim diagnose helsinki_2018 --issue open_door"  # the invitation: docs/scenarios.md
    )
    settings = ["pledge=0.3", "cover=0"]
    assert next_command([result("A9", DOWN, SAME), result("A2b", DOWN)], settings) == (
        "alliance-sim compare reset_fails_2025 us_russia_reset_2025 --set pledge=0.3 --set cover=0"
    )
    # the scenarios of B11 are no bundled ones
    assert next_command([result("B11", DOWN), result("A9", DOWN, DOWN)], []) == (
        "alliance-sim compare baseline_2025 us_russia_reset_2025"
    )


def test_json_keeps_the_contract_and_is_what_python_returns(shell: Shell) -> None:
    status, out, err = shell("claims", "--draws", "6", "--seed", "3", "--set", "quarrel_cost=0", "--json")
    content = json.loads(out)
    assert err == "" and set(content) == {"draws", "seed", "score", "claims"}
    found = als.claims(6, 3, lambda scenario: scenario.with_parameters({"quarrel_cost": 0.0}), mechanisms=())
    assert content["score"] == score(found) and content["score"]["derived"] == 4
    assert status == int(content["score"]["fails"] > 0)
    assert [claim["kind"] for claim in content["claims"]] == sorted(
        (claim.kind for claim in definitions().values()), key=KINDS.index
    )
    keys = {"id", "text", "document", "paragraph", "basis", "kind", "expected", "observed", "interval", "holds"}
    for written, claim in zip(content["claims"], found, strict=True):
        assert keys <= set(written) and written["paragraph"] == list(claim.paragraphs)
        python = json.loads(json.dumps(claim.json(), allow_nan=False))
        carried = {"carried_by", "held_back_by"}
        assert {key: value for key, value in written.items() if key not in carried} == {
            key: value for key, value in python.items() if key not in carried
        }
    (carrier, *_) = next(claim for claim in content["claims"] if claim["id"] == "B5")["carried_by"]
    assert carrier == {"name": "weakness_signal", "holds": "undecided", "effect_left": 0.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--draws", "1"), "draws: 1 is out of range; allowed: a whole number from 2 to 4294967295\n"),
        (("--set", "pledg=0.3"), "pledg"),
        (("--set", "pledge"), "--set pledge: allowed: NAME=VALUE"),
    ],
)
def test_wrong_input_is_one_message(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    error = shell.bad("claims", *arguments)
    assert message in error and error.count("\n") == 1
