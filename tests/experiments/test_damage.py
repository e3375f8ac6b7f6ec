"""Folders of results that were damaged or made up are refused with a message, or run again; never taken for whole."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.experiments.plan import FILE, POINTS
from alliance_sim.experiments.plan import _hash as hash_of
from alliance_sim.experiments.results import Results, open_views
from alliance_sim.experiments.runner import sweep
from alliance_sim.experiments.schema import Experiment
from alliance_sim.results import query
from alliance_sim.results.stored import MANIFEST
from alliance_sim.scenarios import load_scenario
from alliance_sim.simulation import first_months

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = first_months(load_scenario("helsinki_2018"), 7)
EXPERIMENT = Experiment.validated(
    {
        "name": "small", "title": "T", "description": "D", "sources": ["none"], "scenario": SCENARIO,
        "uncertainties": {"threat_reversion": {"uniform": [0.05, 0.1]}},
        "levers": {"money": {"usual": {}, "less": {"parameters": {"pledge": 0.1}}},
                   "president": {"usual": {}, "strong": {"parameters": {"initial_autonomy": 0.95}}}},
        "design": {"points": 2}, "replications": 2, "seed": 9, "keep": "trace",
    }
)  # fmt: skip
#: What a field or a file can hold that it should not.
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 10**30, "", "x", "../../../etc/passwd", "0" * 64, [], [[]], {}, {"a": {}}, "\x1b[2J",
)  # fmt: skip
TEXTS = (b"", b"{", b"[]", b"{}", b"null", b"NaN", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"PAR1", b"\0" * 99)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    sweep(EXPERIMENT, folder / "sweep")
    als.simulate(SCENARIO, 4, 3, "trace").save(folder / "ensemble")
    return folder


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a tree."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in entries for found in ((tree, key), *places(value))]


def change_json(path: Path, chance: random.Random) -> None:
    """Set, delete, rename, move or copy something in a JSON file; its own hash may fit afterwards."""
    tree = json.loads(path.read_text())
    for _ in range(chance.choice((1, 1, 2))):
        (inside, key), (other, there) = (chance.choice(places(tree)) for _ in range(2))
        what = chance.choice(("set", "delete", "rename", "swap", "add"))
        if what == "set":
            inside[key] = chance.choice(VALUES)
        elif what == "delete":
            del inside[key]
        elif what == "rename" and isinstance(inside, dict):
            inside[chance.choice(("", "x", "../runs", "runs", "hash"))] = inside.pop(key)
        elif what == "swap":
            inside[key], other[there] = json.loads(json.dumps((other[there], inside[key])))
        elif isinstance(inside, dict):
            inside["more"] = chance.choice(VALUES)
        else:
            inside.append(chance.choice(VALUES))
    if path.name == FILE and chance.random() < 0.7 and isinstance(tree, dict):
        tree["hash"] = hash_of(tree, ("hash",))
    path.write_text(json.dumps(tree))


def change_file(path: Path, chance: random.Random, outside: Path) -> None:
    """Spoil a file as a whole, or put something else in its place."""
    data = path.read_bytes()
    what = chance.choice(("text", "cut", "bit", "more", "gone", "pipe", "link", "folder", "other"))
    if what in ("pipe", "link", "folder", "gone"):
        path.unlink()
    if what == "text":
        path.write_bytes(chance.choice(TEXTS))
    elif what == "cut":
        path.write_bytes(data[: chance.randrange(len(data))])
    elif what == "bit":
        at = chance.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
    elif what == "more":
        path.write_bytes(data + b" x")
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        outside.write_bytes(data)
        path.symlink_to(outside)
    elif what == "folder":
        path.mkdir()
    elif what == "other":
        others = [each for each in path.parent.iterdir() if each != path and each.is_file()]
        if others:
            shutil.copy(chance.choice(others), path)


def forged_table(table: pa.Table, chance: random.Random, view: str) -> pa.Table:
    """Change what a table of a view is, and not only its numbers, to which how often allies object belongs."""
    changes = ("float", "null", "text", "lacking", "named", "moved")
    what = chance.choice((*changes, "fewer", "twice", "empty") if view != "objections" else changes)
    name = chance.choice(("draw", "point"))
    at = table.column_names.index(name)
    if what == "fewer":
        return table.slice(1)
    if what == "twice":
        return pa.concat_tables([table.slice(0, 1), table.slice(0, len(table) - 1)])
    if what in ("float", "null"):
        values = table[name].to_pandas().astype(float)
        values.iloc[:1] = np.nan
        return table.set_column(
            at, name, pa.array(values) if what == "float" else pa.array(values, pa.int64(), from_pandas=True)
        )
    if what == "text":
        return table.set_column(at, name, table[name].cast(pa.string()))
    if what == "lacking":
        return table.drop_columns([name])
    if what == "named":
        return table.rename_columns([each if each != name else "../x" for each in table.column_names])
    if what == "moved":
        return table.set_column(at, name, pc.add(table[name], 1))
    return table.slice(0, 0)


def forge_part(folder: Path, chance: random.Random) -> None:
    """Put another file in the place of a part, and have marker and manifest say that it is right."""
    marks = sorted((folder / "parts" / "done").iterdir())
    mark = chance.choice(marks)
    marker = json.loads(mark.read_text())
    view = chance.choice([each for each, part in marker["parts"].items() if part["rows"] > 1])
    path = folder / "parts" / view / f"{mark.stem}.parquet"
    what = chance.choice(("garbage", "table", "other task", "other view"))
    if what == "garbage":
        path.write_bytes(chance.choice(TEXTS))
    elif what == "table":
        pq.write_table(forged_table(pq.read_table(path), chance, view), path)
    elif what == "other task":
        shutil.copy(chance.choice([each for each in path.parent.iterdir() if each != path]), path)
    else:
        other = chance.choice([each for each in marker["parts"] if each != view])
        shutil.copy(folder / "parts" / other / path.name, path)
    data = path.read_bytes()
    marker["parts"][view] |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if chance.random() < 0.5 and what == "table" and view != "objections":
        marker["parts"][view]["rows"] = pq.read_metadata(path).num_rows
    mark.write_text(json.dumps(marker) + "\n")
    manifest = json.loads((folder / MANIFEST).read_text())
    digest = hashlib.sha256()
    for each in marks:
        digest.update(each.read_bytes())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "parts": digest.hexdigest()}))


def forge_task(folder: Path, chance: random.Random) -> None:
    """Copy all files of one task over those of another."""
    one, other = chance.sample(sorted(path.stem for path in (folder / "parts" / "done").iterdir()), 2)
    for path in folder.glob(f"parts/*/{one}.*"):
        shutil.copy(path, path.with_stem(other))


def forge_view(folder: Path, chance: random.Random) -> None:
    """Put another file in the place of a view of an ensemble, and have the manifest say that it is right."""
    manifest = json.loads((folder / MANIFEST).read_text())
    view = chance.choice(sorted(manifest["views"]))
    path = folder / f"{view}.parquet"
    table = forged_table(pq.read_table(path), chance, view)
    if chance.random() < 0.3 or len(table) == pq.read_metadata(path).num_rows == 0:
        path.write_bytes(chance.choice(TEXTS))
    else:
        pq.write_table(table, path)
    manifest["views"][view] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def mutate(folder: Path, chance: random.Random, outside: Path) -> None:
    """Change a folder of results in one of many ways."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    texts = [path for path in files if path.suffix == ".json"]
    forgeries = (forge_part, forge_task) if (folder / FILE).exists() else (forge_view,)
    what = chance.choice(("json", "json", "file", "forged"))
    if what == "json":
        # Marks are many, plan and manifest are one each.
        change_json(chance.choice(sorted({path.parent: path for path in texts}.values()) + texts), chance)
    elif what == "file":
        change_file(chance.choice(texts + files), chance, outside)
    else:
        chance.choice(forgeries)(folder, chance)
    if chance.random() < 0.3:
        (folder / MANIFEST).unlink(missing_ok=True) if not (folder / MANIFEST).is_dir() else None


def content(folder: Path) -> dict[str, pd.DataFrame]:
    """Every view of a folder, by the ways in which they are read."""
    views, note = open_views(folder)
    tables = {view: query.frame(views, f"SELECT * FROM {view}") for view in views}
    results = als.load_results(folder)
    if isinstance(results, Results):
        assert (note == "") == results.finished
        _ = results.status, results.data, results.variants
        points = pd.DataFrame(results.points.values)
        return {**tables, "points": points} if results.finished else {"unfinished": points}
    return {**tables, **{str(name): each.to_dataframe(name=str(name)) for name, each in results.data.items()}}


def analysed(folder: Path) -> None:
    """Read a sweep as the commands of analysis do."""
    for analysis in (als.policy, als.discover):
        arguments: dict[str, Any] = {} if analysis is als.policy else {"below": 0.5}
        analysis(folder, "cohesion", **arguments)


def refused(read: Callable[[], object]) -> bool:
    """Whether reading is refused with a message; any other error fails the test."""
    try:
        read()
    except InputError as error:
        message = str(error)
    else:
        return False
    assert (message and message.isprintable()) or "\n" in message
    assert "\x1b" not in message and len(message) < 2000
    return True


@cache
def original(folder: Path) -> dict[str, pd.DataFrame]:
    return content(folder)


def equal(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
    assert list(found) == list(expected)
    for name, table in found.items():
        pd.testing.assert_frame_equal(table, expected[name])


def check(number: int, whole: Path, tmp_path: Path) -> None:
    """Mutate both kinds of folders; whatever is read from them, or after --resume, is right or refused."""
    for kind in ("sweep", "ensemble"):
        chance = random.Random(f"{kind}{number}")
        folder = tmp_path / f"{kind}{number}"
        shutil.copytree(whole / kind, folder)
        mutate(folder, chance, tmp_path / f"outside{number}")
        found: list[dict[str, pd.DataFrame]] = []
        if (
            not refused(lambda folder=folder, found=found: found.append(content(folder)))
            and "unfinished" not in found[0]
        ):
            equal(found[0], original(whole / kind))
        if kind == "sweep":
            refused(lambda folder=folder: analysed(folder))
            if not refused(lambda folder=folder: sweep(EXPERIMENT, folder, resume=True)):
                assert als.load_results(folder).note == ""
                equal(content(folder), original(whole / kind))
        shutil.rmtree(folder)


@pytest.mark.parametrize("number", [*range(0, 250, 13), 191])
def test_changed_folders_are_refused_or_run_again(number: int, whole: Path, tmp_path: Path) -> None:
    check(number, whole, tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("number", range(250))
def test_five_hundred_changed_folders_are_refused_or_run_again(number: int, whole: Path, tmp_path: Path) -> None:
    check(number, whole, tmp_path)


READERS = """
import sys
import alliance_sim as als
from alliance_sim.experiments import results
folder = sys.argv[1]
for read in (als.load_results, results.open_results, results.open_views):
    try:
        found = read(folder)
        if read is results.open_views:
            [view() for view in found[0].values()]
        else:
            found.points, found.frame("runs")
        print("read")
    except als.InputError as error:
        print(error)
"""


@pytest.mark.parametrize(
    "name",
    ["ensemble/manifest.json", "ensemble/runs.parquet", "sweep/plan.json", "sweep/points.parquet",
     "sweep/manifest.json", "sweep/parts/done/000001.json", "sweep/parts/runs/000001.parquet"],
)  # fmt: skip
def test_a_pipe_in_place_of_a_file_does_not_block(name: str, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    path = tmp_path / "copy" / name
    path.unlink()
    os.mkfifo(path)
    folder = tmp_path / "copy" / name.partition("/")[0]
    done = subprocess.run(
        [sys.executable, "-c", READERS, folder], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    assert f"{path}: is no regular file" in done.stdout.splitlines()
    assert folder.name == "sweep" or "read" not in done.stdout.splitlines()


def test_an_old_sweep_is_refused_and_left_alone(tmp_path: Path) -> None:
    old = shutil.copytree(ROOT / "tests" / "results" / "old" / "sweep", tmp_path / "sweep")
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as error:
        sweep(EXPERIMENT, old, resume=True)
    other = "a sweep of layout 2, of another version of the model"
    assert str(error.value) == f"{old}: {other}; allowed: 4; run it again, in a new folder"
    assert {path: path.read_bytes() for path in before} == before


def test_points_of_another_experiment_are_refused(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole / "sweep", tmp_path / "copy")
    table = pq.read_table(folder / POINTS)
    pq.write_table(table.slice(0, 1), folder / POINTS)
    document = json.loads((folder / FILE).read_text())
    document["points"] = hashlib.sha256((folder / POINTS).read_bytes()).hexdigest()
    document["hash"] = hash_of(document, ("hash",))
    (folder / FILE).write_text(json.dumps(document))
    with pytest.raises(InputError, match="belongs to another sweep"):
        als.load_results(folder)
    shutil.rmtree(folder / "parts")
    (folder / MANIFEST).unlink()
    results = als.load_results(folder)
    assert isinstance(results, Results)
    with pytest.raises(InputError, match=r"points\.parquet: does not hold the points of the experiment"):
        _ = results.points
