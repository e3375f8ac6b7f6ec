"""Validation from the command line: ``python -m alliance_sim.validation`` with gates, scores or ablation."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from alliance_sim.errors import InputError
from alliance_sim.registry.distributions import Calibration

__all__ = ["app", "main"]

app = typer.Typer(
    name="python -m alliance_sim.validation",
    help="The model compared with fixed requirements, the record, and itself without its parts.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: What typer raises when a command is called wrongly; it exports the name of one kind only.
_USAGE_ERRORS: tuple[type[Any], ...] = typer.BadParameter.__bases__

Seed = Annotated[int, typer.Option(help="The same seed, the same numbers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, numbers unrounded.")]


@app.command()
def gates(
    draws: Annotated[int, typer.Option(help="Draws of each scenario.")] = 1000,
    seed: Seed = 1,
    posterior: Annotated[
        bool, typer.Option("--posterior", help="Of the posterior, which has seen most of it, instead of the prior.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check what the prior predictive must contain; exit 1 if a gate fails."""
    from alliance_sim.validation import gates as module

    with _bar("scenarios") as on_progress:
        done = iter(range(1, 1000))
        calibration: Calibration = "posterior" if posterior else "prior"
        found = module.gates(draws, seed, lambda _: on_progress(next(done), None), calibration)
    failed = sum(not gate.passes for gate in found)
    if as_json:
        _print_json({"draws": draws, "seed": seed, "failed": failed, "gates": [gate.json() for gate in found]})
    else:
        _print_table(
            ("id", "what", "value", "gate", "width", "passes"),
            (
                (
                    gate.id,
                    gate.what,
                    _number(gate.value),
                    gate.limits,
                    "" if gate.width is None else _width(gate.width, gate.widest),
                    "pass" if gate.passes else "FAIL",
                )
                for gate in found
            ),
        )
        print(f"\n{draws:,} draws, seed {seed}: {len(found) - failed} of {len(found)} gates pass.")
    if failed:
        raise typer.Exit(1)


@app.command()
def scores(
    draws: Annotated[int, typer.Option(help="Draws of the history.")] = 1000,
    seed: Seed = 1,
    until: Annotated[int | None, typer.Option(metavar="YEAR", help="Last year scored; to 2019.")] = None,
    from_2020: Annotated[bool, typer.Option("--from-2020", help="The rows from 2020 on, instead.")] = False,
    equal_asks: Annotated[bool, typer.Option("--equal-asks", help="All classes of ask have one size.")] = False,
    as_json: AsJson = False,
) -> None:
    """Score the history on the record to 2019, beside the rates of each forum known before."""
    from alliance_sim.validation import record
    from alliance_sim.validation import scores as module

    first, last = record.FIRST_YEAR, record.LAST_YEAR if until is None else until
    if from_2020:
        if until is not None:
            raise InputError("--until and --from-2020: allowed: one of the two")
        first, last = record.LAST_YEAR + 1, 2025
        print(
            "warning: rows from 2020 on were scored once (docs/model.md); they are no test of what is chosen with them "
            "in view",
            file=sys.stderr,
        )
    elif not first <= last <= record.LAST_YEAR:
        raise InputError(
            f"--until {last}: allowed: {first} to {record.LAST_YEAR}; later rows are scored with --from-2020"
        )
    with _bar("draws") as on_progress:
        found = module.score_record(draws, seed, first, last, equal_asks, lambda done: on_progress(done, draws))
    if as_json:
        print_rows = [score.json() for score in found]
        _print_json({"draws": draws, "seed": seed, "first": first, "last": last, "scores": print_rows})
        return
    _print_table(
        ("score", "cases", "n", "better", "model", "95 %", "baseline", "model - baseline", "95 %"),
        (
            (
                score.name,
                score.cases,
                str(score.count),
                score.better,
                _number(score.model),
                _interval(score.low, score.high),
                _number(score.baseline),
                _number(score.difference),
                _interval(score.difference_low, score.difference_high),
            )
            for score in found
        ),
    )
    print(f"\n{draws:,} draws, seed {seed}, rows of {first} to {last}; intervals over years.")


@app.command()
def ablation(
    draws: Annotated[int, typer.Option(help="Draws of each scenario and variant.")] = 200,
    seed: Seed = 1,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="Move each scalar over its prior, instead of strengths to zero.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set each strength to zero in every bundled scenario, and list what moves nothing."""
    from alliance_sim.validation import ablation as module

    with _bar("runs") as on_progress:
        found = (module.ranges if parameters else module.ablation)(draws, seed, progress=on_progress)
    inert = module.inert(found)
    if as_json:
        _print_json({"draws": draws, "seed": seed, "inert": inert, "effects": [effect.json() for effect in found]})
        return
    names = dict.fromkeys(effect.name for effect in found)
    scenarios = dict.fromkeys(effect.scenario for effect in found)
    by_key = {(effect.name, effect.scenario): effect for effect in found}
    kind = "parameter" if parameters else "mechanism"
    print("Share of items whose class changes, in %, and the largest change of an outcome, in standard deviations.\n")
    _print_table(
        (kind, *scenarios),
        ((name, *(_effect(by_key.get((name, scenario))) for scenario in scenarios)) for name in names),
    )
    print("\nThe outcomes that move most, in the scenario where they do.\n")
    largest = [max((e for e in found if e.name == name), key=lambda e: (e.largest, e.flips)) for name in names]
    _print_table(
        (kind, "scenario", "outcomes", "largest root mean square"),
        (
            (
                effect.name,
                effect.scenario,
                ", ".join(f"{name} {change:+.2f}" for name, change in effect.outcomes),
                _number(max(e.spread for e in found if e.name == effect.name)),
            )
            for effect in largest
        ),
    )
    print(f"\n{draws:,} draws, seed {seed}. Moves nothing anywhere: {_names(inert)}.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 a gate fails, 2 wrong input, 130 interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of this process.

    Raises
    ------
    SystemExit
        Always, with the exit status.
    """
    try:
        status = int(app(arguments, standalone_mode=False) or 0)
    except InputError as error:
        print(error, file=sys.stderr)
        status = 2
    except _USAGE_ERRORS as error:
        error.show()
        status = int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        status = 130
    sys.exit(status)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show progress on standard error while the block runs, on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_json(content: dict[str, object]) -> None:
    print(json.dumps(content, allow_nan=False))


def _print_table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table."""
    for line in (heads, ["---"] * len(heads), *lines):
        print(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |")


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _number(value: float) -> str:
    return "not known" if math.isnan(value) else f"{value:.3f}"


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


def _width(width: float, widest: float | None) -> str:
    return f"{width:.3f}" if widest is None else f"{width:.3f}, at most {widest:g}"


def _effect(effect: object) -> str:
    from alliance_sim.validation.ablation import Effect

    return f"{100 * effect.flips:.1f} / {effect.largest:.2f}" if isinstance(effect, Effect) else "fixed"


if __name__ == "__main__":
    main()
