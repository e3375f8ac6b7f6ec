import re
import subprocess
import sys
from pathlib import Path

import pytest

from alliance_sim.analysis.comparison import compare
from alliance_sim.errors import InputError
from stories import with_stories

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "_build" / "stories.py"
PAGE = """# A page

Prose before.

<!-- story us_russia_reset_2025 against baseline_2025: cohesion, threat_gap -->

| an | old | table |
<!-- end -->
Prose between.
<!-- story helsinki_2018 against baseline_2018: demands -->
<!-- end -->
Prose after, with a comment. <!-- story -->
"""


def test_tables_are_filled_and_the_rest_stays() -> None:
    page = with_stories(PAGE, draws=30)
    row = (
        compare("baseline_2025", "us_russia_reset_2025", draws=30).summary().loc[("us_russia_reset_2025", "threat_gap")]
    )
    assert (
        f"| `threat_gap` | threat | {row['mean']:+.3f} [{row['p05']:+.3f}, {row['p95']:+.3f}] | {row['p_higher']:.2f} |"
        in page
    )
    assert page.count("| P(higher) |") == 2 and "| `demands` | share |" in page and "an | old" not in page
    tables = re.compile(r"^\|.*\n", re.MULTILINE)
    assert tables.sub("", page) == tables.sub("", PAGE).replace("-->\n\n<!-- end", "-->\n<!-- end")
    assert with_stories(page, draws=30) == page


def test_page_without_marks_is_unchanged() -> None:
    assert with_stories("# A page\n") == "# A page\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("against baseline_2025:", "baseline_2025:", "line 5: story: cannot be read; allowed: <!-- story NAME against"),
        ("<!-- end -->\nProse between.", "Prose between.", "line 5: story: cannot be read"),
        ("threat_gap", "threat_gp", r"line 5: story: 'threat_gp' is not an outcome \(nearest: threat_gap\)"),
        ("helsinki_2018 against", "helsinky_2018 against", "nearest: helsinki_2018"),
    ],
)
def test_invalid_mark_is_refused(old: str, new: str, message: str) -> None:
    assert old in PAGE
    with pytest.raises(InputError, match=message):
        with_stories(PAGE.replace(old, new, 1), draws=1)


def test_command_writes_the_page_and_names_the_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing to fill.\n")
    command = [sys.executable, str(SCRIPT), str(page)]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""
    page.write_text("<!-- story x -->\n")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0 and f"{page}: line 1: story: cannot be read" in done.stderr
    assert "Traceback" not in done.stderr and page.read_text() == "<!-- story x -->\n"
