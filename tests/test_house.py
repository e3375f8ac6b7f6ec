import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "src").rglob("*.py"))

#: What ties a file to one machine, one checkout or one mirror. Written so that no pattern finds itself.
MACHINE = re.compile(
    r"""
    (?<![\w.:/~-])/(?:home|root|work|Users|opt|mnt|srv|tmp)/\w   # a path that exists on one machine only
    | \.\./shared                                                # a folder beside the checkout
    | pypi\.org | pythonhosted\.org | npmjs\.org | npmjs\.com | deb\.debian\.org | conda\.anaconda\.org
    """,
    re.VERBOSE,
)

#: Generators with a state that everything in the process shares; named generators and their types are none.
GLOBAL_RANDOM = re.compile(
    r"""
    \b(?:np|numpy)\.random\.(?!(?:Generator|BitGenerator|SeedSequence|Philox|PCG64|default_rng)\b)
    | ^\s*from\s+numpy\.random\s+import | ^\s*import\s+random\b | ^\s*from\s+random\s+import
    """,
    re.VERBOSE | re.MULTILINE,
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    found = pattern.finditer(text)
    return [f"{name_of(path)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0].strip()}" for hit in found]


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(ROOT / "src")
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_file_is_tied_to_a_machine() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of the project's files")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert Path(__file__).resolve() in paths
    found = [line for path in paths if path.is_file() for line in lines_with(MACHINE, path)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("text", ["open('/{}/me/x')", "read ../{}/facts", "https://{}.org/simple"])
def test_ties_to_a_machine_are_seen(text: str) -> None:
    assert any(MACHINE.search(text.format(part)) for part in ("home", "shared", "pypi"))


@pytest.mark.parametrize("text", ["https://example.org/work/paper", "/usr/bin/chromium", "src/work/x", "~/.cache"])
def test_other_paths_are_no_ties(text: str) -> None:
    assert not MACHINE.search(text)


@pytest.mark.parametrize("text", ["np.random.rand(3)", "import random", "    from numpy.random import normal"])
def test_global_generators_are_seen(text: str) -> None:
    assert GLOBAL_RANDOM.search(text)


@pytest.mark.parametrize("text", ["rng: np.random.Generator", "np.random.default_rng(1)", "import randomness"])
def test_named_generators_are_allowed(text: str) -> None:
    assert not GLOBAL_RANDOM.search(text)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_uses_no_global_generator(path: Path) -> None:
    assert lines_with(GLOBAL_RANDOM, path) == []
