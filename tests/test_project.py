"""Rules for the files of the project: imports, words, sizes, types, no ties to a machine, no global random numbers."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grimp
import networkx as nx
import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "src").rglob("*.py"))
#: Longest module, in lines.
LONGEST = 500

#: Paths and hosts that exist only on one machine or in one checkout. Written so that no pattern finds itself.
MACHINE = re.compile(
    r"""
    (?<![\w.:/~-])/(?:home|root|work|Users|opt|mnt|srv|tmp)/\w   # a path on one machine
    | \.\./shared                                                # a folder beside the checkout
    | pypi\.org | pythonhosted\.org | npmjs\.org | npmjs\.com | deb\.debian\.org | conda\.anaconda\.org
    """,
    re.VERBOSE,
)

#: Random number generators whose state the whole process shares; named generators and their types are allowed.
GLOBAL_RANDOM = re.compile(
    r"""
    \b(?:np|numpy)\.random\.(?!(?:Generator|BitGenerator|SeedSequence|Philox|PCG64|default_rng)\b)
    | ^\s*from\s+numpy\.random\s+import | ^\s*import\s+random\b | ^\s*from\s+random\s+import
    """,
    re.VERBOSE | re.MULTILINE,
)


#: Words that have a plainer or more precise one; spelled backwards, so that this file has none of them.
BANNED = {
    word[::-1] for word in "esuoh moor smoor roolf sroolf tsiaw maes smaes riah dlot wena tsomerof reilekil".split()
}
CHAMBER, DOWN, COLUMN = "esuoH"[::-1], "roolf"[::-1], "moor"[::-1]
#: Proper names, and the function that rounds down.
ALLOWED = re.compile(
    rf"White\s+{CHAMBER}|{CHAMBER}\s+of\s+Representatives|\b{DOWN}\(|\b(?:np\.|numpy\.|math\.|ceiling ){DOWN}\b"
)
#: Files that quote old names of parameters, keys and columns on purpose.
OLD_NAMES = dict.fromkeys(
    (
        "CHANGELOG.md",
        "docs/parameters.md",
        "src/alliance_sim/registry/parameters.py",
        "src/alliance_sim/results/views.py",
        "src/alliance_sim/scenarios/schema.py",
        "src/alliance_sim/scenarios/yaml_files.py",
        "tests/results/test_old_results.py",
        "tests/scenarios/test_old_names.py",
    ),
    re.compile(rf"[\"'`](?:salience_)?(?:{DOWN}|{COLUMN})\b"),
)
#: A word of prose, or a part of an identifier.
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: Files of text in which words are checked.
PROSE = {".csv", ".css", ".js", ".md", ".py", ".toml", ".txt", ".vue", ".yaml", ".yml"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    found = pattern.finditer(text)
    return [f"{name_of(path)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0].strip()}" for hit in found]


def banned_words(text: str, old_name: re.Pattern[str] | None = None) -> list[tuple[int, str]]:
    """Return the line and spelling of every banned word in a text, prose or code."""
    for allowed in filter(None, (ALLOWED, old_name)):
        text = allowed.sub(lambda found: re.sub(r"\S", ".", found[0]), text)
    lines = enumerate(text.splitlines(), 1)
    return [(number, word) for number, line in lines for word in WORD.findall(line) if word.lower() in BANNED]


def files_with_prose() -> Iterator[Path]:
    for start in ("CHANGELOG.md", "README.md", "docs", "src", "tests"):
        path = ROOT / start
        paths = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in paths if each.is_file() and each.suffix in PROSE)


def cycles(exclude_type_checking_imports: bool) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or through others."""
    graph = grimp.build_graph(
        "alliance_sim", exclude_type_checking_imports=exclude_type_checking_imports, cache_dir=None
    )
    imports = nx.DiGraph(
        (module, imported) for module in graph.modules for imported in graph.find_modules_directly_imported_by(module)
    )
    # For type checkers the top package imports its whole public API, and modules import its version.
    if not exclude_type_checking_imports:
        imports.remove_node("alliance_sim")
    return [sorted(group) for group in nx.strongly_connected_components(imports) if len(group) > 1]


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(ROOT / "src")
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_import_is_circular_at_run_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "src")
    assert cycles(exclude_type_checking_imports=True) == []


def test_at_most_one_import_for_type_checking_is_circular(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "src")
    found = cycles(exclude_type_checking_imports=False)
    assert len(found) <= 1, found


def test_every_package_has_an_init_file() -> None:
    folders = {path.parent for path in MODULES}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_banned_word_is_used() -> None:
    found = [
        f"{name_of(path)}:{line}: {word}"
        for path in files_with_prose()
        for line, word in banned_words(path.read_text(encoding="utf-8"), OLD_NAMES.get(name_of(path)))
    ]
    assert found == [], f"{len(found)} banned words:\n" + "\n".join(found)


@pytest.mark.parametrize("form", ["the {} is", "no_{}_left", "a{}B", "has{}", "{}:", "_{}"])
def test_banned_words_are_found_in_prose_and_identifiers(form: str) -> None:
    for word in BANNED:
        for spelled in (word, word.title(), word.upper()):
            if form not in ("a{}B", "has{}") or spelled == word.title():
                assert banned_words("\n" + form.format(spelled)) == [(2, spelled)]


@pytest.mark.parametrize(
    "text", [f"the White\n{CHAMBER}", f"the {CHAMBER} of Representatives", f"np.{DOWN}(x)", f"{DOWN}(x)", "roomy"]
)
def test_other_words_are_not_banned(text: str) -> None:
    assert banned_words(text) == []


def test_an_old_name_is_allowed_only_where_it_is_listed() -> None:
    text = f'("{DOWN}", "min_share")'
    old_name = OLD_NAMES["CHANGELOG.md"]
    assert banned_words(text, old_name) == [] and banned_words(text) == [(1, DOWN)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_is_not_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def imports_any(source: str) -> bool:
    return any(
        (isinstance(node, ast.ImportFrom) and "Any" in {name.name for name in node.names})
        or (isinstance(node, ast.Attribute) and node.attr == "Any")
        for node in ast.walk(ast.parse(source))
    )


TYPED = [
    path
    for path in MODULES
    if path.relative_to(ROOT / "src" / "alliance_sim").parts[0] in {"compile", "core", "simulation.py"}
]


@pytest.mark.parametrize("path", TYPED, ids=name_of)
def test_modules_that_compile_and_run_do_without_any(path: Path) -> None:
    assert not imports_any(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [("from typing import Any", True), ("import typing\nx: typing.Any", True), ("from typing import cast", False)],
)
def test_imports_of_any_are_found(source: str, expected: bool) -> None:
    assert imports_any(source) is expected


def test_no_file_is_tied_to_a_machine() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: no list of the files of the project")
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
def test_ties_to_a_machine_are_found(text: str) -> None:
    assert any(MACHINE.search(text.format(part)) for part in ("home", "shared", "pypi"))


@pytest.mark.parametrize("text", ["https://example.org/work/paper", "/usr/bin/chromium", "src/work/x", "~/.cache"])
def test_other_paths_are_allowed(text: str) -> None:
    assert not MACHINE.search(text)


@pytest.mark.parametrize("text", ["np.random.rand(3)", "import random", "    from numpy.random import normal"])
def test_global_generators_are_found(text: str) -> None:
    assert GLOBAL_RANDOM.search(text)


@pytest.mark.parametrize("text", ["rng: np.random.Generator", "np.random.default_rng(1)", "import randomness"])
def test_named_generators_are_allowed(text: str) -> None:
    assert not GLOBAL_RANDOM.search(text)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_uses_no_global_generator(path: Path) -> None:
    assert lines_with(GLOBAL_RANDOM, path) == []
