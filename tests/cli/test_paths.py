"""Paths and encodings of the command line, in real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from alliance_sim.experiments import json_schema as experiment_schema
from command_line import ROOT, RUN, Shell

pytestmark = pytest.mark.usefixtures("home")

OWN = "name: mine\nextends: baseline_2018\n"
#: Commands that are given an address, with the place of the address.
ADDRESSES = [
    (*RUN, "--out=s3://b/x"),
    (*RUN, "--out", "file:kept"),
    (*RUN, "--plot=s3://b/x.png"),
    ("run", "s3://b/x.yaml"),
    ("show", "s3://b/x.yaml"),
    ("new", "mine", "--from", "s3://b/x.yaml"),
    ("compare", "baseline_2018", "s3://b/x.yaml"),
    ("compare", "baseline_2018", "helsinki_2018", "--plot", "gs://x.png"),
    ("sensitivity", "s3://b/x.yaml", "--outcome", "cohesion"),
    ("sensitivity", "baseline_2018", "--outcome", "cohesion", "--plot", "s3://x.png"),
    ("report", "baseline_2018", "--out", "s3://b/x.html"),
    ("report", "s3://b/x.yaml", "--out", "x.html"),
    ("sweep", "summit_form_2018", "--out", "s3://b/x"),
    ("sweep", "s3://b/x.yaml", "--out", "x"),
    ("query", "s3://b/x", "SELECT 1"),
    ("discover", "s3://b/x", "--outcome", "cohesion", "--below", "0.5"),
    ("policy", "s3://b/x", "--outcome", "cohesion"),
    ("policy", "x", "--outcome", "cohesion", "--plot", "s3://b/x.png"),
]


@pytest.mark.parametrize("arguments", ADDRESSES, ids=" ".join)
def test_an_address_is_refused_before_the_work(shell: Shell, arguments: tuple[str, ...]) -> None:
    message = shell.bad(*arguments)
    (address,) = [each.partition("=")[2] or each for each in arguments if "://" in each or "file:" in each]
    assert message == f"{address}: is an address; allowed: the path of a file or folder of this machine\n"
    assert not list(Path.cwd().iterdir())


def test_every_path_of_the_command_line_may_be_in_the_home_folder(shell: Shell, home: Path) -> None:
    (home / "mine.yaml").write_text(OWN)
    out = shell.good("run", "~/mine.yaml", "--draws=4", "--months=2", "--out=~/results", "--plot=~/figure.PNG")
    assert f"Written: {home}/results\n" in out and f"Written: {home}/figure.PNG\n" in out
    assert (home / "figure.PNG").read_bytes().startswith(b"\x89PNG")
    assert shell.good("query", "~/results", "SELECT count(*) AS n FROM runs") == "n\n4\n"
    assert shell.good("check", "~/mine.yaml", "~").count(": ok (mine: ") == 2
    assert "extends baseline_2018" in shell.good("show", "~/mine.yaml")
    shell.good("compare", "baseline_2018", "~/mine.yaml", "--draws=2", "--plot=~/differences.svg")
    shell.good("new", "copy", "--from", "~/mine.yaml")
    assert list(Path.cwd().iterdir()) == [Path.cwd() / "copy.yaml"]


def test_one_path_cannot_be_a_folder_and_a_figure(shell: Shell) -> None:
    message = shell.bad(*RUN, "--out=~/x.svg", "--plot", str(Path.home() / "x.svg"))
    assert message == f"{Path.home()}/x.svg: is given as a folder and as a figure; allowed: two paths\n"


def test_a_problem_with_one_path_does_not_hide_those_of_others(shell: Shell) -> None:
    Path("good.yaml").write_text(OWN)
    status, out, err = shell("check", "s3://b/x.yaml", "good.yaml", "~nobody_of_that_name/x.yaml", "")
    assert status == 2 and "good.yaml: ok" in out and len(err.splitlines()) == 3


@pytest.mark.parametrize("name", ["X.YAML", "x.Yml", "X.yaml"])
def test_endings_in_capitals_are_read_by_every_command(shell: Shell, name: str) -> None:
    Path("parents").mkdir()
    Path("parents", name).write_text(OWN)
    Path("parents", "child.YML").write_text(f"name: child\nextends: {name}\n")
    fields = f"name: e\ntitle: t\ndescription: d\nsources: [s]\nreplications: 1\nscenario: {name}\n"
    Path("parents", "experiment.YAML").write_text(fields)
    os.chdir("parents")
    assert f"{name}: ok (mine: " in shell.good("check", name)
    assert "3 files, 3 ok, 0 with problems" in shell.good("check", ".")
    assert json.loads(shell.good("run", name, "--draws=1", "--months=1", "--json"))["scenario"] == "mine"
    assert json.loads(shell.good("show", "experiment.YAML", "--json"))["scenario"] == "mine"
    assert "extends mine" in shell.good("show", "child.YML")
    assert "allowed: the name alone, new" in shell.bad("new", "new.YAML")


def bytes_of(*arguments: str, **environment: str) -> bytes:
    """Return what a command writes to a pipe, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", *arguments], capture_output=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.mark.parametrize("tables", ["s3://bucket/data", "broken"])
def test_tables_that_cannot_be_read_are_one_message(tmp_path: Path, tables: str) -> None:
    facts = tmp_path / "work" / "broken" / "calibration" / "facts"
    facts.mkdir(parents=True)
    (facts / "actors.csv").write_text("iso3,nato_accession,europe\nCAN,1949-08,0\n")
    done = subprocess.run(
        [sys.executable, "-m", "alliance_sim", "list"], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "ALLIANCE_SIM_DATA": tables},
    )  # fmt: skip
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "allowed: " in done.stderr


ODD = "name: mine\nextends: baseline_2018\ntitle: Türkiye ¶ 日本\n"
ENCODINGS: list[dict[str, str]] = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "utf-16"},
    {"PYTHONIOENCODING": "cp037"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("environment", ENCODINGS, ids=str)
def test_json_is_ascii_whatever_the_encoding_of_the_terminal(environment: dict[str, str]) -> None:
    Path("odd.yaml").write_text(ODD, encoding="utf-8")
    written = bytes_of("show", "odd.yaml", "--json", **environment)
    assert written.isascii() and json.loads(written)["title"] == "Türkiye ¶ 日本"
    written = bytes_of("schema", "experiment", **environment)
    assert written.isascii() and json.loads(written) == experiment_schema()


def test_reports_for_people_are_in_the_encoding_of_the_terminal() -> None:
    Path("odd.yaml").write_text(ODD, encoding="utf-8")
    assert "Türkiye ¶ ??" in bytes_of("show", "odd.yaml", PYTHONIOENCODING="cp1252").decode("cp1252")
    assert "T?rkiye ? ??" in bytes_of("show", "odd.yaml", PYTHONIOENCODING="ascii").decode("ascii")
