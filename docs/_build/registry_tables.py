"""The registry as markdown tables, for the docs.

``python docs/_build/registry_tables.py outcomes`` and ``... issues`` print the tables of ``docs/model.md``,
``... parameters`` the page ``docs/parameters.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from markdown_tables import markdown_table, span

from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.issues import ISSUE_TABLE
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameters import INFORMED, PARAMETERS, Parameter

__all__ = ["issues_table", "outcomes_table", "parameters_page"]

_BETTER = {1: "more", 0: "", -1: "less"}


def outcomes_table() -> str:
    """Return every outcome: name, unit, range, direction, definition."""
    return markdown_table(
        ("outcome", "unit", "range", "better", "definition"),
        (
            (f"`{name}`", outcome.unit, span(outcome.low, outcome.high), _BETTER[outcome.better], outcome.definition)
            for name, outcome in OUTCOMES.items()
        ),
    )


def issues_table() -> str:
    """Return every issue: the norm at the start of each era, the weights of mechanisms, the fixed agenda."""
    return markdown_table(
        ("issue", "about", *(f"norm {era}" for era in ERAS), "cover", "hedge", "leads", "fixed agenda", "source"),
        (
            (
                f"`{issue.name}`",
                issue.description,
                *(f"{issue.norm[era]:g}" for era in ERAS),
                *(f"{weight:g}" for weight in (issue.cover, issue.hedge, issue.leads)),
                "{:g} → {:g}".format(*issue.reference) if issue.reference else "",
                issue.source,
            )
            for issue in ISSUE_TABLE
        ),
    )


def _priors(parameter: Parameter) -> str:
    by_era = {era: str(parameter.priors[era]) for era in ERAS}
    texts = [f"{era}: {text}" for era, text in by_era.items()]
    if len(set(by_era.values())) == 1:
        texts = [by_era[ERAS[0]]]
    return "; ".join(texts + [f"{ally}: {prior}" for ally, prior in parameter.allies.items()])


def _parameter_rows(group: str) -> Iterable[tuple[str, ...]]:
    for name, parameter in PARAMETERS.items():
        if parameter.group == group:
            yield (
                f"`{name}.ALLY`" if parameter.per_ally else f"`{name}`",
                f"`{parameter.symbol}`" if parameter.symbol != name else "",
                parameter.unit,
                span(parameter.low, parameter.high),
                _priors(parameter),
                parameter.source,
                "yes" if parameter.name in INFORMED else "",
                parameter.description,
            )


def parameters_page() -> str:
    """Return the page of parameters."""
    parts = [
        "# Parameters",
        "Printed by `python docs/_build/registry_tables.py parameters`; change the registry, not this page. "
        "[model.md](model.md) has the equations, in symbols. Sources: A and B are the documents of 2025 and 2018, ¶ a paragraph; "
        "*prototype* is a rough earlier model in which the value gave plausible results, which is judgement as well.",
        "A scenario sets any of them, as a value or a distribution, within its range; what it does not set is drawn "
        "from the prior, once a draw. `NAME.ALLY` has one value per ally (`susceptibility.HUN`); a prior that starts "
        "with an ISO3 code is that ally's own.",
        "*Record*: yes where the record of decisions, or the paths of spending and aid, could inform the parameter: between the "
        "5 % and 95 % points of its prior at least one item in fifty of `history_2014_2025` changes class, or mean spending or aid "
        "moves by a quarter of its spread. The others keep their priors whatever is fitted.",
        "`alliance-sim parameters` lists them in a terminal, `alliance-sim parameters PATTERN` those whose name, symbol, meaning or "
        "group has it, with what the record made of each; `alliance-sim outcomes` is the same for outcomes. In Python the tables are "
        "`alliance_sim.registry.parameters.PARAMETERS` and `alliance_sim.registry.outcomes.OUTCOMES`, by name.",
    ]
    for group in dict.fromkeys(parameter.group for parameter in PARAMETERS.values()):
        head = ("name", "symbol", "unit", "range", "prior", "source", "record", "meaning")
        parts += [f"## {group[0].upper()}{group[1:]}", markdown_table(head, _parameter_rows(group))]
    return "\n\n".join(parts) + "\n"


_PRINTED: dict[str, Callable[[], str]] = {
    "outcomes": outcomes_table,
    "issues": issues_table,
    "parameters": parameters_page,
}


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=_PRINTED)
    print(_PRINTED[parser.parse_args().what]().rstrip("\n"))


if __name__ == "__main__":
    main()
