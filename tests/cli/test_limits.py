"""Extreme values of arguments and options: each ends with one message and exit 2, without a traceback or a hang."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import alliance_sim
from alliance_sim import checks, consensus
from alliance_sim.errors import InputError
from alliance_sim.experiments import engines
from alliance_sim.experiments.engines import Workers, started
from alliance_sim.simulation import first_months
from command_line import Shell

RUN = ("run", "baseline_2018", "--months", "2", "--draws", "1")
REPORT = ("report", "baseline_2018", "--draws", "1")
COMPARE = ("compare", "baseline_2018", "helsinki_2018", "--draws", "1")
SENSITIVITY = ("sensitivity", "baseline_2018", "--outcome", "cohesion", "--parameter", "pledge")
DISCOVER = ("discover", "swept", "--outcome", "cohesion")
POLICY = ("policy", "swept", "--outcome", "cohesion")
SWEEP = ("sweep", "summit_form_2018", "--out", "new")

#: No number of anything.
NO_NUMBER = ("", "x", "nan", "inf", "-inf", "1e3", "1.5", "0x10", "-1", "9" * 5000, "\udcff")
#: No name of an outcome, a parameter, a method.
NO_NAME = ("", ".", "..", "0", "nan", "cohesion.", ".cohesion", "coh\u0435sion", "../cohesion", "\udcff", "x" * 5000)
#: No file that could be written as a figure.
NO_FIGURE = (
    *("", ".", "/", "..", "file.txt", "file.txt/x.png", "x.xyz", "noext", "folder.png", "/proc/x.png"),
    *("x" * 300 + ".png", "/dev/full", "/dev/null"),
)
#: No file that could be written as a report.
NO_REPORT = (
    *("", ".", "/", "..", "file.txt", "file.txt/x.html", "x.pdf", "noext", "folder.html", "/proc/x.html", ".html"),
    *("x" * 300 + ".html", "/dev/full", "/dev/null", "x.html.gz", "x.xls"),
)
SOME_FIGURES = ("/", "file.txt/x.png", "x.xyz", "folder.png")
#: No folder of results.
NO_RESULTS = ("", "/", "file.txt", "file.txt/x", "missing", "empty", "/dev/null", "fifo", "loop", "\udcff", "x" * 300)
#: No new folder.
NOT_NEW = ("/", "file.txt", "file.txt/x", "full", "/dev/null", "fifo", "loop", "/proc/x", "x" * 300)
#: No name of a parameter; kappa is the old name of one.
NO_PARAMETER = (
    *("", " ", ".", "pledge.", "pledge..", ".pledge", "pledge.HUN", "kappa.", "kappa..", "kappa.HUN"),
    *("threat_reversion.", "susceptibility.", "susceptibility.HUN.", "susceptibility..HUN", "susceptibility.hun"),
    *("susceptibility. HUN", "position.sanctions.", "position.sanctions.HUN.", "threat_perception.", "PLEDGE"),
    *("pl\u0435dge", "\uff50ledge", "pled ge", "pledge\u200b", "x" * 5000),
)

CASES = [
    *((*RUN[:2], option, value) for option in ("--draws", "--seed", "--months") for value in NO_NUMBER),
    *((*RUN[:2], option, "0") for option in ("--draws", "--months")),
    *((*RUN, "--set", f"pledge={value}") for value in NO_NUMBER if value not in ("1e3", "1.5")),
    *((*RUN, "--set", f"{name}=0.5") for name in NO_PARAMETER),
    *((*RUN, "--out", path) for path in NOT_NEW),
    *((*RUN, "--plot", path) for path in NO_FIGURE),
    *((*REPORT, "--out", path) for path in NO_REPORT),
    *((*REPORT[:2], "--out", "x.html", option, value) for option in ("--draws", "--seed") for value in NO_NUMBER),
    (*REPORT, "--out", "x.html", "--against", "baseline_2025"),
    (*REPORT, "--out", "x.html", "--set", "pledg=0.5"),
    *((*COMPARE[:3], option, value) for option in ("--draws", "--seed") for value in ("", "nan", "-1", "9" * 30)),
    *((*COMPARE, "--plot", path) for path in SOME_FIGURES),
    *((*SENSITIVITY, option, value) for option in ("--draws", "--points", "--seed") for value in ("", "nan", "-1")),
    *((*SENSITIVITY, option, value) for option in ("--draws", "--points") for value in ("0", "1000000000", "9" * 30)),
    *((*SENSITIVITY, "--method", "sobol", "--points", value) for value in ("3", "1048576", "1000000")),
    *((*SENSITIVITY, "--outcome", value) for value in NO_NAME),
    *((*SENSITIVITY, "--parameter", name) for name in ("", "pledge.", "kappa.", "susceptibility.", "x" * 5000)),
    *((*SENSITIVITY, "--method", value) for value in ("", "x", "\udcff")),
    *((*SENSITIVITY, "--plot", path) for path in SOME_FIGURES),
    *((*DISCOVER, option, value) for option in ("--below", "--above") for value in ("", "x", "nan", "-inf", "1e9")),
    *((*DISCOVER[:2], "--below", "0.6", "--outcome", value) for value in ("", "cohesion.", "\udcff")),
    *((*DISCOVER, "--below", "0.6", "--plot", path) for path in SOME_FIGURES),
    *(("discover", folder, *DISCOVER[2:], "--below", "0.6") for folder in NO_RESULTS),
    *(("policy", folder, *POLICY[2:]) for folder in NO_RESULTS),
    *((*POLICY[:2], "--outcome", value) for value in ("", "cohesion.", "\udcff")),
    *((*POLICY, "--better", value) for value in ("", "x", "\udcff")),
    *((*POLICY, "--plot", path) for path in SOME_FIGURES),
    *((*SWEEP, "--workers", value) for value in (*NO_NUMBER, "0", "1000000000")),
    *((*SWEEP, "--engine", value) for value in ("", "x", "\udcff")),
    *((*SWEEP, "--scheduler", value) for value in ("", "x", "tcp://127.0.0.1:1")),  # without the engine dask
    *((*SWEEP[:2], "--out", path) for path in NOT_NEW),
    *(("query", folder, "SELECT 1") for folder in NO_RESULTS if folder not in ("missing", "empty")),
    *(("query", folder, "SELECT * FROM runs") for folder in NO_RESULTS),
    *(("query", "swept", "SELECT 1", "--timeout", value) for value in ("", "x", "0", "-1", "nan", "inf", "1e9")),
    *(("evidence", name) for name in (*NO_NAME, *NO_PARAMETER) if name not in ("kappa.",)),
    *(("evidence", name, "--era", era) for name in ("HUN", "pledge") for era in ("", "2019", "x", "\udcff")),
    *(("explore", "--port", value) for value in (*NO_NUMBER, "0", "65536")),
    *(("explore", "--host", value) for value in ("", "x", "localhost", "1.2.3.4.5", "\udcff")),
    *(("explore", "--base-path", value) for value in ("", "x", "/..", "/a b", "ftp://x", "/static", "\udcff")),
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, swept: Path) -> Path:
    """A folder with things that are no results and cannot be written."""
    place = tmp_path_factory.mktemp("limits")
    (place / "file.txt").write_text("x")
    for folder in ("full/inside", "folder.html", "folder.png", "empty"):
        (place / folder).mkdir(parents=True)
    os.mkfifo(place / "fifo")
    (place / "loop").symlink_to("loop")
    shutil.copytree(swept, place / "swept")
    return place


@pytest.mark.parametrize("arguments", CASES, ids=lambda arguments: ascii(" ".join(arguments))[:100])
def test_extreme_values_end_with_one_message(
    shell: Shell, place: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setattr(checks, "_machine_memory", lambda: 16e9)
    before = sorted(place.iterdir())
    status, out, err = shell(*arguments)
    assert status == 2 and "Traceback" not in err
    assert out == "" or arguments[0] == "sweep"  # which says first what it is going to run
    assert err.strip() and (err.count("\n") == 1 or "Usage: " in err)
    assert sorted(place.iterdir()) == before


def test_a_port_that_is_taken_ends_with_one_message(shell: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert shell.bad("explore", "--port", str(port)).startswith(f"port {port}: ")


def test_a_parameter_that_only_looks_like_one_is_shown_in_ascii(shell: Shell) -> None:
    assert r"'pl\u0435dge' (nearest: pledge)" in shell.bad(*RUN, "--set", "pl\u0435dge=0.5")


@pytest.fixture(params=[None, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 10_000])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that accepts a connection, sends something, and nothing more."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        accepted: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    accepted.append(listener.accept()[0])
                    if request.param:
                        accepted[-1].sendall(request.param)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    for each in accepted:
        each.close()


def test_a_server_that_is_no_scheduler_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "PATIENCE", 1)
    with pytest.raises(InputError, match="cannot be reached"), started(Workers("dask", server)):
        pass


@pytest.mark.parametrize(
    "address",
    [
        *("", "x", "-1", "tcp://", "tcp://127.0.0.1:1", "127.0.0.1:99999", "tcp://127.0.0.1:x", "http://127.0.0.1:1"),
        *("tls://127.0.0.1:1", "ucx://127.0.0.1:1", "inproc://x", "\udcff"),
    ],
)
def test_an_address_without_a_scheduler_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "PATIENCE", 1)
    with pytest.raises(InputError, match="cannot be reached"), started(Workers("dask", address)):
        pass


SHORT = first_months(alliance_sim.load_scenario("baseline_2018"), 2)


FUTURES: dict[str, dict[str, object]] = {str(i): {} for i in range(20)}
CALLS: dict[str, Callable[[int], object]] = {
    "simulate": lambda draws: alliance_sim.simulate(SHORT, draws),
    "branch": lambda draws: alliance_sim.branch(SHORT, "2018-02", draws=draws),
    "many futures": lambda draws: alliance_sim.branch(SHORT, "2018-02", FUTURES, draws // 20, keep="final"),
    "compare": lambda draws: alliance_sim.compare(SHORT, "helsinki_2018", draws=draws),
    "sensitivity": lambda draws: alliance_sim.sensitivity(SHORT, "cohesion", "morris", ["pledge"], 2, draws),
    "points": lambda _: alliance_sim.sensitivity(SHORT, "cohesion", "morris", ["pledge"], 10**5, 1),
    "decide": lambda draws: consensus.decide([0.5] * 30, draws=draws),
}


@pytest.mark.parametrize("draws", [10**6, 2**32 - 1])
@pytest.mark.parametrize("name", CALLS)
def test_functions_ask_for_memory_before_they_work(name: str, draws: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_machine_memory", lambda: 5e7)
    with pytest.raises(InputError, match=r"take .* GB; allowed: up to .* on this machine"):
        CALLS[name](draws)


def test_analyses_of_a_sweep_ask_for_memory_first(swept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = alliance_sim.load_results(swept)
    monkeypatch.setattr(checks, "_machine_memory", lambda: 1e4)
    with pytest.raises(InputError, match="runs of a table of all runs take"):
        alliance_sim.discover(results, "cohesion", below=0.5)
    with pytest.raises(InputError, match="runs of a table of all runs take"):
        alliance_sim.policy(results, "cohesion")


def test_a_branch_refuses_an_unknown_keep() -> None:
    with pytest.raises(InputError, match="keep: 'all' is unknown"):
        alliance_sim.branch(SHORT, "2018-02", draws=1, keep="all")
