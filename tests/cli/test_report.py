"""The command report."""

import importlib.util
import json
import re
import sys
from html import unescape
from pathlib import Path

import pytest

from command_line import Shell

pytestmark = pytest.mark.usefixtures("home")

RESET = ("us_russia_reset_2025", "--draws", "30", "--seed", "4")


def words(text: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", text)).replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_says_what_run_says(shell: Shell) -> None:
    assert shell.good("report", *RESET, "--out", "reset.html") == "Written: reset.html\n"
    assert shell.good("report", *RESET, "--out", "reset.html") == "Replaced: reset.html\n"
    page = Path("reset.html").read_text(encoding="utf-8")
    found = json.loads(shell.good("run", *RESET, "--json"))
    first, *rest = found["headline"]["sentences"]
    assert f"<strong>{first}" in unescape(page).replace("\N{NO-BREAK SPACE}", " ") and " ".join(rest).replace(
        "`", ""
    ) in words(page)
    for name in ("cohesion", "deterrence", "mean_spending"):
        last = {key: values[-1] for key, values in found["outcomes"][name].items() if key != "unit"}
        assert f"May 2029: {last['p50']:.2f} ({last['p05']:.2f} to {last['p95']:.2f}); base" in words(page)
    by_issue = [row["adopted"] + row["diluted"] for row in found["decisions"] if row["issue"] == "russia_dialogue"]
    assert re.search(rf'dialogue with Russia</th>(<td></td>)*<td style="--p:\d+"><b>{100 * by_issue[0]:.0f}</b>', page)


@pytest.mark.parametrize("name", ["report.html", "report.xlsx"])
def test_the_same_command_writes_the_same_bytes_and_replaces_the_file(shell: Shell, name: str) -> None:
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl", reason="needs the extra 'report'")
    Path(name).write_text("before")
    shell.good("report", *RESET, "--out", name)
    before = Path(name).read_bytes()
    assert len(before) > 10_000
    shell.good("report", *RESET, f"--out=deep/er/{name}")
    assert Path("deep/er", name).read_bytes() == before
    assert sorted(path.name for path in Path.cwd().iterdir()) == sorted(["deep", name])


def test_the_commands_on_the_page_write_the_same_page(shell: Shell) -> None:
    arguments = ("--set", "pledge=0.5", "--against", "washington_2024")
    shell.good("report", *RESET, *arguments, "--out", "first.html")
    page = Path("first.html").read_text(encoding="utf-8")
    (_, command) = words(re.findall(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)[0]).splitlines()
    shell.good(*command.split()[1:])
    assert Path("us_russia_reset_2025.html").read_text(encoding="utf-8") == page


@pytest.mark.parametrize(
    ("arguments", "base"),
    [
        (("us_russia_reset_2025",), "baseline_2025"),
        (("us_russia_reset_2025", "--set", "pledge=0.5"), "us_russia_reset_2025"),
        (("us_russia_reset_2025", "--set", "pledge=0.5", "--against", "washington_2024"), "washington_2024"),
        (("baseline_2025",), None),
    ],
)
def test_the_base_is_that_of_run(shell: Shell, arguments: tuple[str, ...], base: str | None) -> None:
    shell.good("report", *arguments, "--draws", "2", "--out", "report.html")
    page = words(Path("report.html").read_text(encoding="utf-8"))
    lines = shell.good("run", *arguments, "--draws", "2").splitlines()
    same = "against the same scenario without" if base == arguments[0] else f"({base})"
    assert (same in page) == (base is not None) and ("against" in lines[1]) == (base is not None)
    assert base is None or base == arguments[0] or f"against {base}" in lines[1]


def test_another_ending_is_refused_before_the_run(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alliance_sim.simulation.simulate", None)
    said = shell.bad("report", "baseline_2018", "--out", "report.pdf")
    assert said == "report.pdf: no report ends in '.pdf'; allowed: .html, .xlsx\n"


def test_a_missing_extra_is_one_message(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "alliance_sim.results.report_file.find_spec", lambda name: None if name == "openpyxl" else find(name)
    )
    said = shell.bad("report", "baseline_2018", "--draws", "1", "--out", "report.xlsx")
    assert said == "report.xlsx: a workbook needs openpyxl; install it with: pip install 'alliance_sim[report]'\n"
    shell.good("report", "baseline_2018", "--draws", "1", "--out", "report.html")


def test_a_page_needs_no_extra(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    shell.good("report", "baseline_2018", "--draws", "1", "--out", "report.HTML")


def test_a_full_disk_leaves_the_file_as_it_was(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    Path("report.html").write_text("before")
    monkeypatch.setattr("alliance_sim.results.stored.os.fsync", full)
    said = shell.bad("report", "baseline_2018", "--draws", "1", "--out", "report.html")
    assert said == "report.html: cannot be written (No space left on device)\n"
    assert Path("report.html").read_text() == "before" and len([*Path.cwd().iterdir()]) == 1


def test_an_interrupt_writes_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alliance_sim.simulation.simulate", interrupted)
    assert shell("report", *RESET, "--out", "x.html") == (130, "", "interrupted: nothing was written\n")
    assert not [*Path.cwd().iterdir()]
