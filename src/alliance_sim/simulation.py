"""Simulations: many draws of a scenario, from its start or from a state in the middle of a run.

`simulate` runs the draws of a scenario, `branch` runs many futures from the state of one draw. Both return an
`Ensemble`, which has the tables, figures and files::

    import alliance_sim as als

    ensemble = als.simulate("us_russia_reset_2025", draws=1000, seed=0)
    ensemble.summary()            # outcomes with intervals
    ensemble.decisions()          # how often each text was adopted, and who objected
    ensemble.plot("cohesion", "cohesion.png")
    ensemble.save("results/reset")

A draw is one run of the model with its own parameters, actors and random events. It depends on the scenario, the seed
and its number, and on nothing else: scenarios that run with one seed use common random numbers, so their difference
within a draw is the effect of the scenario. Draws run in chunks on one pool of threads that the whole process shares;
results are the same for any number of threads and any size of chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alliance_sim import __version__
from alliance_sim.checks import MAX_DRAWS, draws_and_seed, memory, whole_number
from alliance_sim.compile import KEEPS, SPIN_UP, Block, CompiledScenario, Keep, compile_scenario
from alliance_sim.core.jit import core_hash
from alliance_sim.data import calibration_hash
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.notebook import shown_progress
from alliance_sim.pool import CHUNK, Cancelled, in_chunks
from alliance_sim.registry.fields import FrozenDict
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.results.memory import allocate, draw_size, first_draws
from alliance_sim.scenarios import Scenario, ScenarioSource, load_scenario
from alliance_sim.scenarios.library import extended
from alliance_sim.scenarios.mappings import plain
from alliance_sim.scenarios.messages import field_name

__all__ = [
    "branch",
    "collect",
    "first_months",
    "in_stages",
    "result_size",
    "simulate",
    "versions",
]

#: How a future differs from its parent, with the keys of a scenario file that extends it.
Changes = Mapping[str, object]


def simulate(
    scenario: ScenarioSource,
    draws: int = 1000,
    seed: int = 0,
    keep: Keep = "allies",
    *,
    progress: Callable[[int], None] | Literal[False] | None = None,
    cancelled: Callable[[], bool] | None = None,
    chunk: int = CHUNK,
) -> Ensemble:
    """Run many draws of a scenario.

    Parameters
    ----------
    scenario : str, Path, mapping or Scenario
        A bundled name, the path of a file, a mapping with its keys, or a scenario.
    draws : int
        From 1 to 2**32 - 1, as far as memory allows. The first n draws do not depend on how many follow.
    seed : int
        From 0 to 2**64 - 1. Scenarios with one seed use common random numbers: their differences are paired.
    keep : str
        ``final`` (outcomes of the last month), ``monthly`` (of every month), ``allies`` (also the threat perception,
        guarantee confidence, spending and support of each ally), ``trace`` (also every position). Decisions are
        always kept.
    progress : callable or False, optional
        Called from this thread with the number of draws done. Default: a bar in notebooks, which False leaves out.
    cancelled : callable, optional
        Called between chunks; the run stops when it returns True.
    chunk : int
        Largest number of draws in a chunk; results do not depend on it.

    Returns
    -------
    Ensemble

    Raises
    ------
    InputError
        If an argument is out of range, or the result would not fit into memory.
    Cancelled
        If `cancelled` returned True.

    Examples
    --------
    >>> import alliance_sim as als
    >>> ensemble = als.simulate("us_russia_reset_2025", draws=5, seed=1)
    >>> ensemble
    <Ensemble us_russia_reset_2025: 5 draws, 48 months, seed 1, keep 'allies'>
    >>> ensemble.output.outcomes.shape  # draws, months, outcomes
    (5, 48, 36)
    """
    draws, seed = draws_and_seed(draws, seed)
    chunk = whole_number("chunk", chunk, 1, MAX_DRAWS)
    _check_keep(keep)
    program = compile_scenario(load_scenario(scenario))

    with shown_progress(progress, "draws", draws) as on_progress:

        def after_chunk(done: int) -> None:
            on_progress(done)
            if cancelled and cancelled():
                raise Cancelled

        return collect(program, draws, seed, keep, lambda block: program.run(block, seed), after_chunk, chunk)


def _check_keep(keep: Keep) -> None:
    if keep not in KEEPS:
        raise InputError(f"keep: {keep!r} is unknown{nearest(str(keep), KEEPS)}; allowed: {', '.join(KEEPS)}")


def in_stages(
    scenario: ScenarioSource,
    stages: Sequence[int],
    seed: int = 0,
    keep: Keep = "allies",
    *,
    cancelled: Callable[[], bool] | None = None,
) -> Generator[Ensemble, None, None]:
    """Run draws of a scenario, and yield those that are done at each stage.

    Parameters
    ----------
    scenario : str, Path, mapping or Scenario
    stages : sequence of int
        Numbers of draws, each larger than the one before; memory for all is taken at the beginning.
    seed : int
    keep : str
        As in `simulate`.
    cancelled : callable, optional
        Called between chunks; the run stops when it returns True.

    Yields
    ------
    Ensemble
        What `simulate` returns for that number of draws.

    Raises
    ------
    InputError
        If an argument is out of range, or the result would not fit into memory.
    Cancelled
        If `cancelled` returned True.

    Examples
    --------
    >>> [ensemble.draws for ensemble in in_stages("baseline_2018", (2, 5))]
    [2, 5]
    """
    for draws in stages:
        draws_and_seed(draws, seed)
    if list(stages) != sorted(set(stages)) or not stages:
        raise InputError(f"stages: {shown(stages)}; allowed: numbers of draws, each larger than the one before")
    _check_keep(keep)
    program = compile_scenario(load_scenario(scenario))

    def after_chunk(_: int) -> None:
        if cancelled and cancelled():
            raise Cancelled

    yield from _collect(program, stages, seed, keep, lambda block: program.run(block, seed), after_chunk)


def collect(
    program: CompiledScenario,
    draws: int,
    seed: int,
    keep: Keep,
    run: Callable[[Block], None],
    after_chunk: Callable[[int], None] | None = None,
    chunk: int = CHUNK,
) -> Ensemble:
    """Run blocks of draws by `run` and return the part of their results that is kept.

    Parameters
    ----------
    program : CompiledScenario
    draws, seed : int
    keep : str
    run : callable
        Runs the draws of a block.
    after_chunk : callable, optional
        Called from this thread with the number of draws done; an error that it raises stops the run.
    chunk : int
        As in `simulate`.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.compile import compile_scenario
    >>> program = compile_scenario(als.load_scenario("baseline_2018"))
    >>> collect(program, 2, 7, "final", lambda block: program.run(block, 7))
    <Ensemble baseline_2018: 2 draws, 36 months, seed 7, keep 'final'>
    """
    (ensemble,) = _collect(program, (draws,), seed, keep, run, after_chunk, chunk)
    return ensemble


def _collect(
    program: CompiledScenario,
    stages: Sequence[int],
    seed: int,
    keep: Keep,
    run: Callable[[Block], None],
    after_chunk: Callable[[int], None] | None = None,
    chunk: int = CHUNK,
) -> Generator[Ensemble, None, None]:
    origin = versions()  # before the run: files may change during it
    kept = allocate(program, stages[-1], keep)
    # Without draws: the kernel is compiled in this thread, which can be interrupted.
    program.run(program.block(seed, 0, 0, keep), seed)

    def work(draw0: int, draw1: int) -> int:
        block = program.block(seed, draw0, draw1, keep, kept=kept)
        run(block)
        program.mask_outsiders(block)
        return draw1 - draw0

    done = 0
    for stage in stages:
        for count in in_chunks(_from(done, work), stage - done, chunk):
            done += count
            if after_chunk:
                after_chunk(done)
        yield Ensemble(program, seed, done, keep, *first_draws(kept, done), origin)


def _from(first: int, work: Callable[[int, int], int]) -> Callable[[int, int], int]:
    """Return the work on draws that are counted from `first`."""
    return lambda draw0, draw1: work(first + draw0, first + draw1)


def first_months(scenario: Scenario, months: int) -> Scenario:
    """Return a scenario cut to its first months, without the events and meetings after them.

    The months that remain are simulated exactly as in the whole scenario.

    Parameters
    ----------
    scenario : Scenario
    months : int
        From 1 to the months of the scenario.

    Raises
    ------
    InputError
        If `months` is out of range.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.simulation import first_months
    >>> first_months(als.load_scenario("baseline_2025"), 6).months
    6
    """
    months = whole_number("months", months, 1, scenario.months)
    fields = dict(scenario)
    for calendar in ("events", "meetings"):
        fields[calendar] = tuple(entry for entry in fields[calendar] if scenario.offset(entry.month) < months)
    return Scenario.validated({**fields, "months": months})


def result_size(scenario: Scenario, draws: int, keep: Keep) -> int:
    """Return the bytes that the result of a run takes in memory; on disk it takes about as many.

    Raises
    ------
    InputError
        If `draws` is out of range, or `keep` unknown.

    Examples
    --------
    >>> import alliance_sim as als
    >>> from alliance_sim.simulation import result_size
    >>> scenario = als.load_scenario("baseline_2025")
    >>> result_size(scenario, 20, "monthly") == 2 * result_size(scenario, 10, "monthly")
    True
    """
    _check_keep(keep)
    return whole_number("draws", draws, 1, MAX_DRAWS) * draw_size(compile_scenario(scenario), keep)


@cache
def versions() -> FrozenDict[str, str]:
    """Return the versions and hashes that the bits of a result depend on, besides its scenario, seed and draws.

    Examples
    --------
    >>> list(versions())
    ['version', 'calibration', 'core', 'numba', 'numpy', 'cpu']
    """
    import numba
    from numba.core.registry import cpu_target

    return FrozenDict(
        version=__version__,
        calibration=calibration_hash(),
        core=core_hash(),
        numba=numba.__version__,
        numpy=np.__version__,
        cpu=cpu_target.target_context.codegen().magic_tuple()[1],
    )


def branch(
    scenario: ScenarioSource,
    month: str,
    futures: Mapping[str, str | Path | Scenario | Changes] | None = None,
    draws: int = 1000,
    seed: int = 0,
    parent_draw: int = 0,
    keep: Keep = "allies",
) -> dict[str, Ensemble]:
    """Run many futures from the state of one draw at the beginning of a month.

    The draw is run to that month and its state copied; each future goes on from there with its own random numbers.
    (Scenarios that agree until a month have the same past in every draw, to the bit, when they run with one seed: to
    compare them no branch is needed.)

    Parameters
    ----------
    scenario : str, Path, mapping or Scenario
        The parent: it gives the past.
    month : str
        ``YYYY-MM``, the first month that is open, within the run and not its first.
    futures : mapping, optional
        Scenarios of the future by name. Each agrees with `scenario` until `month` in era, calibration, start,
        parameters, `tabled_again`, events and meetings, and may end sooner or later; or it is a mapping with
        ``events, meetings, drop`` and other keys of a scenario file, which extends `scenario` unless it has
        ``extends``. Default: `scenario` itself.
    draws : int
        Futures of each, from 1 to 2**32 - 1. Future d has the random numbers of draw d in all scenarios, so
        differences between two of them are paired; parameters and actors are the parent's in all.
    seed : int
        From 0 to 2**64 - 1.
    parent_draw : int
        The draw whose past all share. The future with that number is the draw itself, carried on.
    keep : str
        As in `simulate`.

    Returns
    -------
    dict of str to Ensemble
        By name, with one draw for each future, over all months of its scenario. Months before `month` are the same in
        all draws of all ensembles, to the bit. The provenance names `month` and `parent_draw`.

    Raises
    ------
    InputError
        If an argument is out of range, or a future differs before `month`.

    Examples
    --------
    >>> import alliance_sim as als
    >>> cut = {"month": "2025-12", "type": "aid_change", "channel": "all", "share": -1.0, "source": "an assumption"}
    >>> futures = als.branch(
    ...     "baseline_2025", "2025-10", {"unchanged": "baseline_2025", "aid_ends": {"events": [cut]}}, draws=4
    ... )
    >>> sorted(futures)
    ['aid_ends', 'unchanged']
    >>> cohesion = futures["aid_ends"].data["cohesion"]
    >>> bool((cohesion.sel(month="2025-09").std("draw") == 0).all())  # one past
    True
    """
    draws, seed = draws_and_seed(draws, seed)
    parent_draw = whole_number("parent_draw", parent_draw, 0, MAX_DRAWS - 1)
    _check_keep(keep)
    if not isinstance(futures, Mapping | None):
        raise InputError(f"futures: {shown(futures)} is not allowed; allowed: a mapping of names to scenarios")
    parent = compile_scenario(load_scenario(scenario))
    if month not in parent.months[1:]:
        raise InputError(
            f"month: {shown(month)} is no month of {parent.scenario.name} after its first"
            f"{nearest(str(month), parent.months[1:])}; allowed: {parent.months[1]} to {parent.months[-1]}"
        )
    at = parent.months.index(month)
    past = parent.block(seed, parent_draw, parent_draw + 1, keep)
    drawn = tuple(array.copy() for array in past.inputs)  # events shift parameters in place
    parent.run(past, seed, month1=at)
    programs = {
        name: compile_scenario(_agreeing(parent.scenario, _load(future, parent.scenario, name), month, name))
        for name, future in (futures or {parent.scenario.name: parent.scenario}).items()
    }
    sizes = [draw_size(program, keep) for program in programs.values()]
    memory(draws, sum(sizes), f"{len(programs):,} futures with keep={keep!r}")
    ensembles: dict[str, Ensemble] = {}
    for name, program in programs.items():
        ensemble = collect(program, draws, seed, keep, partial(_go_on, program, seed, drawn, past, at))
        ensembles[name] = replace(ensemble, origin={**ensemble.origin, "branched": month, "parent_draw": parent_draw})
    return ensembles


def _load(future: str | Path | Scenario | Changes, parent: Scenario, name: str) -> Scenario:
    if not isinstance(future, Mapping):
        return load_scenario(future)
    fields = {"name": f"{parent.name}+{name}", **future}
    if "extends" in future:
        return load_scenario(fields)
    scenario, wrong = extended(parent, {**plain(fields), "text": ""})
    if scenario is None or wrong:
        raise InputError("\n".join(f"futures: {name}: {field_name(place)}: {problem}" for place, problem in wrong))
    return scenario


def _go_on(
    program: CompiledScenario, seed: int, drawn: tuple[NDArray[np.generic], ...], past: Block, at: int, block: Block
) -> None:
    """Copy the past, whose inputs were `drawn` at its start, into every draw of a block, and run on from month `at`."""
    for there, here in zip(block.inputs, drawn, strict=True):
        there[...] = here
    # What later items ask for is set when a draw begins, before any event: begin, without the spin-up.
    program.run(block, seed, month1=-SPIN_UP)
    # Programs that agree until a month have the same items and months until then; later ones are still empty.
    items = sum(row.month < program.months[at] and row.part == 0 for row in program.agenda)
    for there, here in zip(block.inputs, past.inputs, strict=True):
        there[...] = here
    for name in set(block.states._fields) - {"pending"}:
        getattr(block.states, name)[...] = getattr(past.states, name)
    block.states.pending[:, :items] = past.states.pending[:, :items]
    for name, array in block.records._asdict().items():
        array[:, :items] = getattr(past.records, name)[:, :items]
    for there, here in zip(block.output, past.output, strict=True):
        there[:, :at] = here[:, :at]
    program.run(block, seed, at)


def _agreeing(parent: Scenario, future: Scenario, month: str, name: str) -> Scenario:
    """Return a future; refuse one with another past."""
    fixed = ("era", "calibration", "start", "parameters", "tabled_again")
    differing = [what for what in fixed if getattr(parent, what) != getattr(future, what)]
    past, other = (
        [entry for entry in (*scenario.events, *scenario.meetings) if entry.month < month]
        for scenario in (parent, future)
    )
    differing += sorted({entry.id for entry in (*past, *other) if entry not in past or entry not in other})
    if differing:
        raise InputError(
            f"futures: {name} differs from {parent.name} before {month} in {', '.join(differing)}; allowed: scenarios "
            "that agree until then (from then on, an event of type shift moves a parameter)"
        )
    if future.months <= future.offset(month):
        raise InputError(f"futures: {name} ends before {month}; allowed: scenarios that run in that month")
    return future
