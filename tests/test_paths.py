"""Paths from users: home folders are found, addresses are refused, and no library reads a name as something else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import alliance_sim as als
from alliance_sim import checks
from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.experiments.library import experiment_path, load_file
from alliance_sim.experiments.results import open_results, open_views
from alliance_sim.experiments.runner import sweep
from alliance_sim.paths import local_path, suffix_of
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import load_with_parent, scenario_path, write_scenario

pytestmark = pytest.mark.usefixtures("home")

ADDRESSES = [
    "s3://bucket/x", "S3://bucket/x", "gs://b", "hdfs:///x", "https://example.org/x", "file:kept", "FILE:///x",
    "memory://x", "simplecache::s3://b/x", Path("s3://bucket/x"), Path("file:x"),
]  # fmt: skip
#: Relative to the home folder and to the working directory, which are the same in these tests.
OWN = "name: mine\nextends: baseline_2018\n"


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return als.simulate("baseline_2018", 2, keep="final")


@pytest.mark.parametrize("path", ADDRESSES, ids=str)
def test_an_address_is_no_local_path(path: str | Path) -> None:
    with pytest.raises(InputError, match=r": is an address; allowed: the path of a file or folder of this machine$"):
        local_path(path)


@pytest.mark.parametrize("path", ["", "a\0b", b"x", 3, None])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(InputError, match=r"is no path; allowed: the path of a file or folder$"):
        local_path(path)


@pytest.mark.parametrize("path", ["~nobody_of_that_name", "~nobody_of_that_name/x", Path("~nobody_of_that_name/x")])
def test_an_unknown_home_folder_is_refused(path: str) -> None:
    with pytest.raises(InputError, match=r"there is no such home folder or file; allowed: ~/ for your own"):
        local_path(path)


def test_the_home_folder_is_found(home: Path) -> None:
    assert local_path("~") == local_path(Path("~")) == home
    assert local_path("~/a/b") == local_path(Path("~/a/b")) == home / "a" / "b"


def test_other_paths_stay_as_they_are() -> None:
    for text in ("a", "a/b", "../a", "/a/b", "a b", "a~b", "dir/a:b", ".", "C:"):
        assert local_path(text) == Path(text).absolute() if ":" in text[:2] else Path(text), text


def test_names_that_libraries_would_read_otherwise_become_absolute() -> None:
    Path("~draft.yaml").touch()
    assert local_path("~draft.yaml") == Path.cwd() / "~draft.yaml"
    assert local_path("./~/x") == Path.cwd() / "~" / "x"
    assert local_path("run:2025/x") == Path.cwd() / "run:2025" / "x"
    assert local_path("run:2025.yaml", "/folder") == Path("/folder/run:2025.yaml")


def test_a_local_path_comes_back_as_it_is() -> None:
    for text in ("~/x", "./~/x", "run:2025", "a/b", "."):
        assert local_path(local_path(text)) == local_path(text)


def test_suffixes_are_read_without_case() -> None:
    assert [suffix_of(path) for path in ("A.YAML", "a.b.Yml", Path("x/F.PNG"), "none")] == [".yaml", ".yml", ".png", ""]


#: Every function that reads a path, with what it needs at ``~/there``.
READERS: dict[str, Callable[[str | Path], object]] = {
    "load_scenario": als.load_scenario,
    "simulate": lambda path: als.simulate(path, 1, keep="final"),
    "branch": lambda path: als.branch(path, "2018-03", draws=1),
    "compare": lambda path: als.compare("baseline_2018", path, draws=1),
    "AllianceModel": lambda path: als.AllianceModel(path, seed=1),
    "extends": lambda path: als.load_scenario({"name": "child", "extends": path}),
    "load_with_parent": load_with_parent,
    "scenario_path": lambda path: scenario_path(path).stat(),
    "write_scenario from": lambda path: write_scenario("copy", path).unlink(),
    "load_file": load_file,
    "experiment's scenario": lambda path: als.load_experiment(
        {"name": "e", "title": "t", "description": "d", "sources": ["s"], "replications": 1, "scenario": path}
    ),
}
READERS_OF_RESULTS: dict[str, Callable[[str | Path], object]] = {
    "load_results": als.load_results,
    "open_views": open_views,
}
READERS_OF_SWEEPS: dict[str, Callable[[str | Path], object]] = {
    "load_results": als.load_results,
    "open_results": open_results,
    "open_views": open_views,
    "policy": lambda path: als.policy(path, "cohesion"),
}
WRITERS: dict[str, Callable[[Ensemble, str | Path], object]] = {
    "save": lambda ensemble, path: ensemble.save(path),
    "plot": lambda ensemble, path: ensemble.plot("decisions", f"{path}/figure.SVG"),
    "compare's plot": lambda ensemble, path: als.compare("baseline_2018", "helsinki_2018", draws=2).plot(
        f"{path}/figure.svg"
    ),
    "write_scenario": lambda ensemble, path: (local_path(path).mkdir(), write_scenario("mine", folder=Path(path))),
}


@pytest.mark.parametrize("name", READERS)
def test_readers_of_scenarios_find_the_home_folder(home: Path, name: str) -> None:
    (home / "mine.yaml").write_text(OWN)
    READERS[name]("~/mine.yaml")
    READERS[name](Path("~/mine.yaml"))
    with pytest.raises(InputError, match="is an address"):
        READERS[name]("s3://bucket/mine.yaml")


def test_paths_of_experiments_find_the_home_folder(home: Path) -> None:
    assert experiment_path("~/e.yaml") == home / "e.yaml"
    with pytest.raises(InputError, match="is an address"):
        als.load_experiment("s3://bucket/e.yaml")


@pytest.mark.parametrize("name", READERS_OF_RESULTS)
def test_readers_of_results_find_the_home_folder(home: Path, ensemble: Ensemble, name: str) -> None:
    ensemble.save(home / "there")
    READERS_OF_RESULTS[name]("~/there")
    with pytest.raises(InputError, match="is an address"):
        READERS_OF_RESULTS[name]("s3://bucket/there")


def test_sweeps_are_written_to_and_read_from_the_home_folder(home: Path) -> None:
    experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 1})
    assert sweep(experiment, "~/there").folder == home / "there"
    for read in READERS_OF_SWEEPS.values():
        read("~/there")
        with pytest.raises(InputError, match="is an address"):
            read("s3://bucket/there")
    with pytest.raises(InputError, match="is an address"):
        sweep(experiment, "s3://bucket/there")
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_writers_find_the_home_folder(home: Path, ensemble: Ensemble, name: str) -> None:
    WRITERS[name](ensemble, "~/there")
    assert any((home / "there").iterdir()) and not list(Path.cwd().iterdir())
    with pytest.raises(InputError, match="is an address"):
        WRITERS[name](ensemble, "s3://bucket/there")
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize("name", ["run:2025", "./~", "~draft", "a" * 255, "new", "deep/er"])
def test_results_of_any_local_name_are_written_and_read(ensemble: Ensemble, name: str) -> None:
    if name == "~draft":
        Path(name).mkdir()
    folder = ensemble.save(name)
    assert als.load_results(name).draws == 2 and folder.is_dir()
    assert ensemble.plot("decisions", f"{'p' * 251}.svg") and Path(f"{'p' * 251}.svg").is_file()


def test_an_empty_folder_that_cannot_be_replaced_is_filled(ensemble: Ensemble, tmp_path: Path) -> None:
    Path("target").mkdir()
    Path("link").symlink_to("target")
    ensemble.save("link")
    assert Path("link").is_symlink() and als.load_results("link").draws == 2
    inode = Path("target").stat().st_ino
    os.chdir(tmp_path / "home")  # an empty working directory
    ensemble.save(".")
    assert als.load_results(".").draws == 2
    assert (tmp_path / "work" / "target").stat().st_ino == inode


def test_a_folder_that_cannot_be_made_is_refused_before_the_work() -> None:
    Path("link").symlink_to("nowhere")
    Path("file").touch()
    for path in ("link/x", "link/x/y", "file/x", "file/x/y"):
        with pytest.raises(InputError, match="cannot be written"):
            checks.writable(Path(path))
    Path("empty").mkdir()
    checks.writable(Path("empty"))


def test_the_data_folder_may_be_in_the_home_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "data" / "scenarios").mkdir(parents=True)
    monkeypatch.setenv("ALLIANCE_SIM_DATA", "~/data")
    assert data_folder.__wrapped__("scenarios") == home / "data" / "scenarios"


def test_a_copy_of_a_scenario_still_finds_a_parent_in_the_home_folder(home: Path) -> None:
    (home / "mine.yaml").write_text(OWN)
    Path("child.yaml").write_text("name: child\nextends: ~/mine.yaml\n")
    assert als.load_scenario(write_scenario("copy", "./child.yaml")).months == 36
