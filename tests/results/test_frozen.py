"""Nobody can change what a result says: neither through what it hands out nor through what it was made from."""

import copy
import dataclasses
import hashlib
import importlib
import inspect
import json
import pickle
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pydantic import BaseModel

import alliance_sim as als
from alliance_sim import analysis, calibration, consensus, registry, results
from alliance_sim.experiments.plan import environment
from alliance_sim.scenarios import dump
from alliance_sim.simulation import first_months, versions

#: Parameters that move cohesion within its months.
MOVING = ["tolerated_move", "slack_scale"]
SHORT = first_months(als.load_scenario("us_russia_reset_2025"), 4)
#: Methods that write files or need arguments that cannot be guessed.
LEFT_OUT = {"plot", "save", "sql", "store"}
#: What an attempt to change something may end with.
REFUSALS = (AttributeError, KeyError, TypeError, ValueError)


def attempt(change: Callable[[], object]) -> bool:
    """Try a change; return whether it was refused."""
    try:
        change()
    except REFUSALS:
        return True
    return False


class Vandal:
    """Walks everything public that can be reached from an object, and tries to change all of it in place."""

    def __init__(self) -> None:
        self.seen: dict[int, object] = {}
        self.done: dict[str, int] = {}

    def spoil(self, thing: Any) -> None:
        if id(thing) in self.seen or thing is None or isinstance(thing, (str, bytes, int, float, Path, Enum, type)):
            return
        self.seen[id(thing)] = thing  # kept, so that no other object gets its id
        kind = next((each for each in self.kinds() if isinstance(thing, each)), None)
        if kind is not None:
            self.done[kind.__name__] = self.done.get(kind.__name__, 0) + 1
            self.kinds()[kind](thing)
        elif type(thing).__module__.startswith("alliance_sim"):
            self.done["object"] = self.done.get("object", 0) + 1
            self.object(thing)

    def kinds(self) -> dict[type, Callable[[Any], None]]:
        return {
            np.ndarray: self.array,
            pd.DataFrame: self.table,
            xr.Dataset: self.dataset,
            xr.DataArray: self.labelled,
            Mapping: self.mapping,
            list: self.sequence,
            tuple: self.sequence,
            set: lambda thing: thing.clear(),
        }

    def array(self, thing: Any) -> None:
        attempt(lambda: thing.fill(np.zeros((), thing.dtype)[()]))
        attempt(lambda: thing.sort(axis=0))

    def table(self, thing: pd.DataFrame) -> None:
        for name in thing:
            self.array(thing[name].to_numpy())
        self.array(thing.to_numpy())
        self.array(thing.index.to_numpy())
        for name in list(thing):
            attempt(lambda name=name: thing.__setitem__(name, 0))
            attempt(lambda name=name: thing.pop(name))
        thing.attrs["note"] = "changed"

    def dataset(self, thing: xr.Dataset) -> None:
        for name in list(thing.variables):
            self.labelled(thing[name])
        for name in list(thing.data_vars):
            thing[name] = 0
        thing.attrs.clear()

    def labelled(self, thing: xr.DataArray) -> None:
        for view in (thing, thing.transpose(), thing.isel({dim: slice(None) for dim in thing.dims})):
            self.array(view.values)
            attempt(lambda view=view: view.__isub__(view))
            attempt(lambda view=view: view.__setitem__(..., 0))
        attempt(lambda: setattr(thing, "values", np.zeros(thing.shape)))
        thing.attrs["note"] = "changed"

    def mapping(self, thing: Mapping[Any, Any]) -> None:
        for value in list(thing.values()):
            self.spoil(value)
        for key in list(thing):
            attempt(lambda key=key: thing.__setitem__(key, 0))
        attempt(lambda: thing.update(more=1))
        attempt(lambda: thing.clear())

    def sequence(self, thing: Any) -> None:
        for value in thing:
            self.spoil(value)
        if hasattr(thing, "_asdict"):
            for name in thing._fields:
                attempt(lambda name=name: setattr(thing, name, None))
        attempt(lambda: thing.clear())

    def object(self, thing: Any) -> None:
        for name in self.names(thing):
            value = getattr(thing, name)
            if not callable(value):
                self.spoil(value)
            elif name not in LEFT_OUT and inspect.isroutine(value) and not self.needed(value):
                self.spoil(value())
            assert attempt(lambda name=name: setattr(thing, name, None)) or inspect.isroutine(value), name

    def names(self, thing: Any) -> Iterator[str]:
        found = dict.fromkeys(type(thing).model_fields) if isinstance(thing, BaseModel) else {}
        if dataclasses.is_dataclass(thing):
            found |= {field.name: None for field in dataclasses.fields(thing)}
        for kind in type(thing).__mro__:
            if kind.__module__.startswith("alliance_sim"):
                found |= dict.fromkeys(vars(kind))
        return (name for name in found if not name.startswith("_") and name != "model_config")

    def needed(self, method: Any) -> bool:
        parameters = inspect.signature(method).parameters.values()
        return any(each.default is each.empty for each in parameters)


def plain(table: pd.DataFrame) -> str:
    return table.to_csv() + str(table.dtypes.to_dict())


def of_dataset(data: xr.Dataset) -> list[str]:
    content = {str(name): np.asarray(array).tolist() for name, array in data.variables.items()}
    return [hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest(), str(data.attrs), str(data.dims)]


def of_ensemble(found: als.Ensemble, folder: Path) -> list[str]:
    number = len(list(folder.iterdir()))
    saved = found.save(folder / str(number))
    return [
        json.dumps(found.provenance), dump(found.scenario), str(found.months), repr(found), found._repr_html_(),
        *map(plain, (found.summary(), found.decisions(), found.objectors(), found.per_draw())),
        *map(plain, (found.frame("cohesion"), found.frame("decisions"), found.series("cohesion"))),
        plain(found.sql("SELECT * FROM objectors")), *of_dataset(found.data),
        *(hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(saved.iterdir())),
    ]  # fmt: skip


def of_comparison(found: als.Comparison, folder: Path) -> list[str]:
    pairs = [text for pair in found.pairs for text in (pair.name, str(pair.inputs), plain(pair.per_draw()))]
    scenarios = [dump(side.scenario) for pair in found.pairs for side in (pair.base, pair.other)]
    return [repr(found), *pairs, *scenarios, plain(found.summary()), plain(found.decisions())]


def of_results(found: als.Results, folder: Path) -> list[str]:
    return [
        repr(found), found.note, json.dumps(found.plan), str(found.markers), str(found.experiment.model_dump()),
        str(found.points), plain(found.status), plain(found.frame("runs")), *of_dataset(found.data),
        *(str(variant) for variant in found.variants),
    ]  # fmt: skip


def of_fields(found: Any, folder: Path) -> list[str]:
    values = (getattr(found, field.name) for field in dataclasses.fields(found))
    return [plain(value) if isinstance(value, pd.DataFrame) else repr(value) for value in values]


def of_discovery(found: als.Discovery, folder: Path) -> list[str]:
    return [
        found.event,
        str(found.base_rate),
        *of_fields(found, folder),
        *(plain(box.trajectory) for box in found.boxes),
    ]


def of_policies(found: als.Policies, folder: Path) -> list[str]:
    return [str(found.tied), str(found.choices), plain(found.options), *of_fields(found, folder)]


@pytest.fixture(scope="module")
def made(swept: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Any]]:
    """Returns a result of each kind, and the function that lists what it says."""
    folder = tmp_path_factory.mktemp("made")
    ensemble = als.simulate(SHORT, 6, 1, "trace")

    def make(kind: str) -> tuple[Any, Any]:
        sweep = als.load_results(swept)
        middle = sweep.frame("runs").groupby(["scenario", "point"])["cohesion"].mean().median()
        makers: dict[str, tuple[Callable[[], Any], Any]] = {
            "ensemble": (lambda: als.simulate(SHORT, 6, 1, "trace"), of_ensemble),
            "copied": (lambda: pickle.loads(pickle.dumps(copy.deepcopy(ensemble))), of_ensemble),
            "loaded": (lambda: als.load_results(ensemble.save(folder / "loaded")), of_ensemble),
            "branch": (lambda: als.branch(SHORT, "2025-08", draws=3)[SHORT.name], of_ensemble),
            "comparison": (lambda: als.compare("baseline_2025", SHORT, draws=6), of_comparison),
            "results": (lambda: sweep, of_results),
            "discovery": (lambda: als.discover(sweep, "cohesion", below=middle), of_discovery),
            "policies": (lambda: als.policy(sweep, "cohesion"), of_policies),
            "sensitivity": (
                lambda: als.sensitivity(SHORT, "cohesion", parameters=MOVING, points=2, draws=2),
                of_fields,
            ),
            "odds": (lambda: consensus.decide([0.2, 0.6, 0.9], proposal=0.8, reversion=0.3, draws=9), of_fields),
        }  # fmt: skip
        maker, says = makers[kind]
        return maker(), says

    return make


KINDS = "ensemble copied loaded branch comparison results discovery policies sensitivity odds".split()
#: Modules of optional extras that some kinds need.
NEEDED = {"discovery": "ema_workbench", "sensitivity": "SALib"}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_reached_from_a_result_changes_it(kind: str, made: Any, tmp_path: Path) -> None:
    if kind in NEEDED:
        pytest.importorskip(NEEDED[kind])
    found, says = made(kind)
    before = says(found, tmp_path)
    vandal = Vandal()
    vandal.spoil(found)
    assert says(found, tmp_path) == before
    assert vandal.done["object"] >= 1 and vandal.done.get("DataFrame", 0) + vandal.done.get("ndarray", 0) >= 2


def test_runs_after_a_result_was_spoiled_are_as_before() -> None:
    one = als.simulate(SHORT, 6, 1)
    Vandal().spoil(one)
    np.testing.assert_array_equal(als.simulate(SHORT, 6, 1).output.outcomes, one.output.outcomes)


@pytest.mark.parametrize("of", ["cohesion", "spending", "position", "level", "decision"])
@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x.isel(draw=0),
        lambda x: x.isel(draw=slice(1, 3)),
        lambda x: x.transpose(),
        lambda x: x.squeeze(),
        lambda x: x.sel(draw=[0, 1]),
        lambda x: x.to_dataset(name="x")["x"],
    ],
)
def test_arithmetic_in_place_is_refused_or_works_on_a_copy(of: str, view: Any, made: Any) -> None:
    ensemble = made("ensemble")[0]
    before = ensemble.data[of].values.copy()
    part = view(ensemble.data[of])
    attempt(lambda: part.__iadd__(1))
    attempt(lambda: np.add(part.values, 1, out=part.values, casting="unsafe"))
    np.testing.assert_array_equal(ensemble.data[of].values, before)


def test_a_centred_variable_leaves_what_is_saved(tmp_path: Path) -> None:
    ensemble = als.simulate("baseline_2025", draws=4, seed=1)
    before = ensemble.summary()["mean"]["cohesion"]
    x = ensemble.data["cohesion"]
    with pytest.raises(ValueError, match="read-only"):
        x -= x.mean("draw")
    assert als.load_results(ensemble.save(tmp_path / "kept")).summary()["mean"]["cohesion"] == before


def test_what_a_run_was_given_can_change_afterwards() -> None:
    parameters: dict[str, Any] = {"pledge": 0.5}
    ensembles = [
        als.simulate(SHORT.with_parameters(parameters), 2),
        als.simulate(SHORT.model_copy(update={"parameters": parameters}), 2),
    ]
    parameters["pledge"] = 0.9
    for ensemble in ensembles:
        assert ensemble.scenario.parameters == {"pledge": 0.5}
        assert "0.9" not in str(ensemble.provenance["scenario_text"]).split("parameters:")[1].split("events:")[0]
    futures: dict[str, Any] = {"more": {"parameters": {}, "events": []}}
    found = als.branch(SHORT, "2025-08", futures, draws=2)["more"]
    futures["more"]["events"].append(1)
    assert found.scenario.events == SHORT.events


def test_a_scenario_of_model_copy_that_is_not_valid_is_refused() -> None:
    with pytest.raises(als.InputError, match=r"^months: 1000 is out of range"):
        als.simulate(SHORT.model_copy(update={"months": 1000}), 2)


def test_values_of_scenarios_and_experiments_cannot_be_changed() -> None:
    experiment = als.load_experiment("european_levers_2025")
    lever = next(iter(experiment.levers.values()))
    for mapping in (
        SHORT.parameters,
        experiment.constants,
        experiment.uncertainties,
        experiment.levers,
        lever,
        als.Experiment.validated({name: value for name, value in experiment if name != "constants"}).constants,
    ):
        with pytest.raises(TypeError, match="allowed: a change of a copy"):
            mapping["pledge"] = 1.0


def test_tables_of_the_package_cannot_be_changed() -> None:
    count = 0
    for package in (registry, results, analysis):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            loaded = importlib.import_module(module.name)
            for name in getattr(loaded, "__all__", ()):
                if isinstance(table := getattr(loaded, name), Mapping):
                    count += 1
                    assert attempt(lambda table=table: table.__setitem__("x", 1)), f"{module.name}.{name}"
    assert count >= 10


def test_what_is_computed_once_a_process_cannot_be_changed() -> None:
    for mapping in (versions(), environment(), calibration.facts("2025").other_tiles):
        assert attempt(lambda mapping=mapping: mapping.__setitem__("version", "0"))
    arrays = [each for each in vars(calibration.facts("2025")).values() if isinstance(each, np.ndarray)]
    assert arrays and not any(array.flags.writeable for array in arrays)


def test_versions_are_taken_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from alliance_sim import simulation

    steps = []
    usual = simulation.versions
    monkeypatch.setattr(simulation, "versions", lambda: steps.append("versions") or usual())
    als.simulate(SHORT, 2, progress=lambda done: steps.append("draws"))
    assert steps[0] == "versions" and "draws" in steps


def test_a_figure_names_the_version_that_made_the_results(tmp_path: Path) -> None:
    folder = als.simulate(SHORT, 2).save(tmp_path / "kept")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["provenance"]["version"] = "0.0.1"
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert als.load_results(folder).plot("cohesion").get_supxlabel().endswith("alliance_sim 0.0.1")


def test_read_only_arrays_are_not_copies() -> None:
    ensemble = als.simulate(SHORT, 4, keep="trace")
    for name, array in (("cohesion", ensemble.output.outcomes), ("spending", ensemble.output.allies)):
        assert np.shares_memory(ensemble.data[name].values, array)
    assert np.shares_memory(ensemble.data["position"].values, ensemble.output.positions)


def test_arrays_of_a_compiled_scenario_are_read_only() -> None:
    """The kernel's own cannot be: it takes arrays that can be written only."""
    program = als.simulate(SHORT, 2).program
    records = (program.priors, program.shared, program.calendar.events, program.calendar.meetings)
    arrays = [part for record in records for part in record if isinstance(part, np.ndarray)] + [program.member]
    assert len(arrays) > 40
    for array in arrays:
        assert attempt(lambda array=array: array.fill(0))
