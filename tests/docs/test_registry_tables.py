import re
import subprocess
import sys
from pathlib import Path

import pytest

from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.registry.states import AllyState, IssueState, World
from registry_tables import issues_table, outcomes_table, parameters_page

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "_build" / "registry_tables.py"


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the markdown tables in a text."""
    lines = [line.replace("\\|", "¦") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("text", [issues_table(), outcomes_table()])
def test_rows_of_a_table_have_the_same_number_of_cells(text: str) -> None:
    assert len({len(row) for row in rows(text)}) == 1


def test_tables_name_everything_once() -> None:
    assert [row[0] for row in rows(outcomes_table())[2:]] == [f"`{name}`" for name in OUTCOMES]
    assert [row[0] for row in rows(issues_table())[2:]] == [f"`{name}`" for name in ISSUES]
    parameters = [row[0].strip("`").removesuffix(".ALLY") for row in rows(parameters_page()) if row[0].startswith("`")]
    assert sorted(parameters) == sorted(PARAMETERS)


def test_parameter_rows_say_unit_range_and_prior() -> None:
    found = {row[0].strip("`"): row[2:5] for row in rows(parameters_page())}
    for name in ("min_share", "concession_step", "initial_autonomy"):
        parameter = PARAMETERS[name]
        priors = [parameter.priors[era] for era in ERAS]
        unit, span, prior = found[name]
        assert (unit, span) == (parameter.unit, f"{parameter.low:g} to {parameter.high:g}")
        if name == "min_share":
            assert prior == f"uniform {priors[0].low:g} to {priors[0].high:g}"
        elif name == "concession_step":
            assert prior == f"{priors[0].a:g}" and len(set(priors)) == 1
        else:
            texts = (f"normal {each.a:g} ± {each.b:g}, within {each.low:g} to {each.high:g}" for each in priors)
            assert prior == "; ".join(f"{era}: {text}" for era, text in zip(ERAS, texts, strict=True))


def test_the_model_document_gives_symbols_the_names_of_the_registry() -> None:
    names: dict[str, set[str]] = {}
    for each in (*PARAMETERS.values(), *World, *AllyState, *IssueState):
        names.setdefault(each.symbol, set()).add(each.name)
    page = (SCRIPT.parents[1] / "model.md").read_text(encoding="utf-8")
    pairs = [
        (symbol.strip(), name)
        for row in rows(page)
        for symbol, name in zip(row[0].split(","), re.findall(r"`(\w+)`", row[1]), strict=False)
        if symbol.strip() in names
    ]
    assert ("kappa", "threat_reversion") in pairs and ("failure", "open_failures") in pairs
    assert [(symbol, name) for symbol, name in pairs if name not in names[symbol]] == []


def test_command_prints_a_table() -> None:
    command = [sys.executable, str(SCRIPT), "outcomes"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.rstrip("\n") == outcomes_table()
