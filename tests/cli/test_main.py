"""What all commands share: exit statuses, messages, interrupts, streams."""

import json

import pytest

from command_line import COMPARE, RUN, Shell, process


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "us_russia_reset"), "nearest: us_russia_reset_2025"),
        (("run", "nowhere/file.yaml"), "nowhere/file.yaml: there is no such file"),
        (("run", "baseline_2025", "--draws", "0"), "draws: 0 is out of range; allowed: a whole number from 1"),
        (("run", "baseline_2025", "--draws", "many"), "--draws"),
        (("run",), "SCENARIO"),
        (("compare", "baseline_2025"), "OTHER..."),
        (("compare", "baseline_2025", "helsinki_2018"), "allowed: scenarios of one era"),
        (("compare", "baseline_2025", "washington_2042"), "nearest: washington_2024"),
        (("compare", "baseline_2025", "washington_2024", "washington_2024"), "allowed: each name once"),
        (("compare", "baseline_2025", "washington_2024", "--draws", "0"), "draws: 0 is out of range"),
        (("compare", "baseline_2025", "washington_2024", "--draws", "1000000000"), "GB; allowed: up to"),
        (("compare", "baseline_2025", "washington_2024", "--seed", "-1"), "seed: -1"),
        (("compare", "baseline_2025", "washington_2024", "--set", "threat_reversio=0.1"), "nearest: threat_reversion"),
        (
            ("run", "baseline_2025", "--set", "calibration=priors"),
            "calibration: 'priors' is not allowed (nearest: prior)",
        ),
        (
            ("run", "baseline_2025", "--set", "calibration=0"),
            "calibration: '0' is not allowed; allowed: posterior, prior",
        ),
        ((*RUN, "--set", "calibration=prior", "--set", "calibration=prior"), "calibration is given twice"),
        (("sensitivity", "baseline_2025", "--outcome", "cohesion", "--set", "calibration="), "'' is not allowed"),
        (("compare", "baseline_2025", "washington_2024", "--plot", "figure.xyz"), "no figure ends in '.xyz'"),
        (("compare", "baseline_2025", "washington_2024", "--plot", "/proc/figure.png"), "cannot be written"),
        (("rnu",), "rnu"),
        (("run", "baseline_2025", "--darws", "3"), "--darws"),
        (("show", "nothing"), "no bundled scenario or experiment is called 'nothing'"),
        (("explore", "--port", "99999"), "--port: '99999' is not allowed; allowed: 65535 or less"),
        (("query", "results", "SELECT 1", "--timeout", "soon"), "--timeout: 'soon' is not allowed; allowed: a number"),
        (
            ("run", "baseline_2025", "--set", "position.sanctions.USA=0.5"),
            "allowed: position.sanctions.USA.leader, position.sanctions.USA.institutions",
        ),
        (
            ("run", "baseline_2025", "--set", "threat_perception.USA.congress=0.5"),
            "allowed: threat_perception.USA.leader, threat_perception.USA.institutions",
        ),
    ],
)
def test_bad_input_is_one_message_and_exit_2(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    assert message in " ".join(shell.bad(*arguments).split())


def test_an_interrupt_is_exit_130(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alliance_sim.simulation.simulate", interrupted)
    assert shell(*RUN) == (130, "", "interrupted: nothing was written\n")


@pytest.mark.parametrize("arguments", [("list",), RUN, (*RUN, "--json"), COMPARE])
def test_a_closed_pipe_is_silent(arguments: tuple[str, ...]) -> None:
    with process("-m", "alliance_sim", *arguments) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 0


def test_python_m_alliance_sim_is_the_command() -> None:
    run = process("-m", "alliance_sim", *RUN, "--json")
    out, err = run.communicate(timeout=200)
    assert run.returncode == 0 and err == "" and json.loads(out)["draws"] == 10


def test_check_loads_no_heavy_library() -> None:
    code = """
import sys
from alliance_sim import cli
try:
    cli.main(["check", "scenarios/baseline_2025.yaml", "scenarios/experiments"])
finally:
    print(*sorted({"numba", "numpy", "xarray", "pandas", "mesa", "scipy", "matplotlib"} & set(sys.modules)))
"""
    out, err = process("-c", code).communicate(timeout=60)
    assert out.splitlines()[-1] == "" and "ok" in out and err == ""
