"""YAML files, bundled and users' own: find, read and parse them, with the line of every entry."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from alliance_sim.data import data_folder
from alliance_sim.errors import InputError, nearest, printable, shown
from alliance_sim.paths import local_path, suffix_of
from alliance_sim.scenarios.messages import Location, Problem, format_problems, report

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "SUFFIXES",
    "bundled",
    "parse",
    "path_of",
    "read_text",
]

_log = logging.getLogger("alliance_sim")

Parsed = tuple[dict[str, Any], dict[Location, int], list[Problem]]

#: The longest bundled file has a third of that.
MAX_BYTES = 250_000
#: Endings of YAML files, in small or capital letters.
SUFFIXES = (".yaml", ".yml")
#: Nested levels of lists and mappings; a scenario has five.
MAX_DEPTH = 20


class Loader(yaml.CSafeLoader):
    """YAML 1.2: ``NO`` is Norway, ``1e-3`` a number, a month the text it is. PyYAML by itself reads YAML 1.1."""

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Read 010 as ten."""
        return int(self.construct_scalar(node))


Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    # Longer ones are read as floats: a number of many digits takes long to convert.
    ("int", r"[-+]?[0-9]{1,20}", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)
Loader.add_constructor("tag:yaml.org,2002:int", Loader.construct_yaml_int)


class Dumper(yaml.CSafeDumper):
    """Writes what `Loader` reads."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers


_TEXT, _MAPPING = "tag:yaml.org,2002:str", "tag:yaml.org,2002:map"
#: The parser's own reason rarely names the mistake: it does not distinguish wrong indentation, `month:1`, and a colon
#: in a text.
_REASONS = "usual reasons, here or just above: the indentation, no blank after a colon, a text that needs quotes"
_PLAIN = "allowed: the value written out, or the text in quotes"


def bundled(folder: str = "") -> dict[str, Path]:
    """Return the bundled files by name: the scenarios, or those in a folder beside them.

    Examples
    --------
    >>> from alliance_sim.scenarios.yaml_files import bundled
    >>> bundled()["baseline_2025"].name
    'baseline_2025.yaml'
    """
    return {path.stem: path for path in sorted((data_folder("scenarios") / folder).glob("*.yaml"))}


def path_of(name_or_path: str | Path, folder: Path, files: Mapping[str, Path], what: str) -> Path:
    """Return the file of a name, or a path relative to `folder`; whether it exists is not checked.

    Parameters
    ----------
    files : mapping
        The bundled ones by name.
    what : str
        The kind of file, for the message.

    Raises
    ------
    InputError
        If it is neither one of the names nor a path.

    Examples
    --------
    >>> from pathlib import Path
    >>> from alliance_sim.scenarios.yaml_files import bundled, path_of
    >>> path_of("mine.YAML", Path("own"), bundled(), "scenario").as_posix()
    'own/mine.YAML'
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise InputError(
            f"{shown(name_or_path)} is no {what}; allowed: a bundled name, a path, a mapping, or one that was loaded"
        )
    name = str(name_or_path)
    if isinstance(name_or_path, os.PathLike) or is_path(name):
        return local_path(name_or_path, folder)
    if name not in files:
        raise InputError(
            f"no bundled {what} is called {shown(name)}{nearest(name, files)}; allowed: {', '.join(files)}, "
            "or the path of a .yaml file"
        )
    return files[name]


def is_path(name: str) -> bool:
    """Return whether a text is a path: it has a slash or the ending of a file."""
    return "/" in name or suffix_of(name) in SUFFIXES


def read_text(path: Path, names: Iterable[str], kind: str = "a .yaml file") -> str:
    """Return the text of a file of a kind; if it does not exist, the error lists `names`, the bundled ones.

    Examples
    --------
    >>> from alliance_sim.scenarios.yaml_files import bundled, read_text
    >>> "name: baseline_2025" in read_text(bundled()["baseline_2025"], bundled())
    True
    """
    origin = printable(path)
    try:
        # A pipe opened by the shell; any other could wait for a writer for ever.
        piped = path.is_relative_to("/dev") and path.is_fifo()
        known, size = path.is_file() or piped, path.stat().st_size if path.exists() else 0
        content = b""
        if known and size <= MAX_BYTES:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
            size = len(content)
    except (OSError, ValueError) as error:
        raise InputError(f"{origin}: the file cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if not known:
        problem = "is a folder" if path.is_dir() else "is no file" if path.exists() else "there is no such file"
        allowed = ", or one of ".join(filter(None, (kind, ", ".join(names))))
        raise InputError(f"{origin}: {problem}; allowed: {allowed}")
    if size > MAX_BYTES:
        raise InputError(f"{origin}: the file has {size:,} bytes; allowed: {MAX_BYTES:,}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{origin}:{line}: file: byte {error.start} is not UTF-8; allowed: text in UTF-8") from None


def parse(text: str, origin: str, what: str, keys: Iterable[str], entries: str | None = None) -> Parsed:
    r"""Return the mapping that a YAML text holds, the line of every place in it, and the keys given twice.

    A text that is a list is read as a mapping with that list under the key `entries`, where one is given.

    Raises
    ------
    InputError
        If it is not YAML, holds tags or anchors, or is no mapping; `what` and `keys` describe the expected mapping.

    Examples
    --------
    >>> from alliance_sim.scenarios.yaml_files import parse
    >>> fields, lines, twice = parse("name: mine\nmonths: 1e1\n", "mine.yaml", "a scenario", ["name", "months"])
    >>> fields, lines["months",], twice
    ({'name': 'mine', 'months': 10.0}, 2, [])
    """
    if len(text) > MAX_BYTES:
        raise InputError(f"{origin}: the text has {len(text):,} characters; allowed: {MAX_BYTES:,}")
    try:
        _refuse_odd(text, origin)
        loader = Loader(text)
        try:
            node = loader.get_single_node()
            if entries and isinstance(node, yaml.SequenceNode):
                key = yaml.ScalarNode(_TEXT, entries, node.start_mark, node.start_mark)
                node = yaml.MappingNode(_MAPPING, [(key, node)], node.start_mark, node.end_mark)
            lines, twice, found = _lines(node)
            data = None if found or node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if isinstance(error, yaml.composer.ComposerError):
            problem = "a second document begins here; allowed: one"
        elif any("\t" in each for each in text.splitlines()[line - 1 : line]):
            problem = f"not YAML: {error.problem} (there is a tab in this line; allowed: blanks)"
        else:
            problem = f"not YAML: {error.problem}; {_REASONS}"
        raise InputError(f"{origin}:{line}: file: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise InputError(f"{origin}:{line}: file: not YAML: {error.reason}") from None
    if found:
        raise InputError(report(origin, twice + found, lines))
    if any("agenda" in place and place[-1] == "floor" for place in lines if place):
        _warn_once(f"{origin}: 'floor' is now called 'min_share'")
    if not isinstance(data, dict):
        problem = "the file is empty" if data is None else f"not {what}"
        raise InputError(f"{origin}:1: file: {problem}; allowed: a mapping of {', '.join(keys)}")
    return data, lines, twice


@cache
def _warn_once(notice: str) -> None:
    """Log a notice about a file, however often the file is read."""
    _log.warning("%s", notice)


def _refuse_odd(text: str, origin: str) -> None:
    """Refuse tags, anchors and aliases, and nesting so deep that building it would overflow the stack."""
    depth = 0
    found: set[tuple[int, str, str]] = set()
    event: Any
    for event in yaml.parse(text, Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise InputError(f"{origin}:{line}: file: nested too deeply; allowed: {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            # It can stand for itself, or multiply a small file into a huge one.
            found.add((line, "file", f"the alias {shown(f'*{event.anchor}')} is not allowed; {_PLAIN}"))
        elif getattr(event, "anchor", None):
            found.add((line, "file", f"the anchor {shown(f'&{event.anchor}')} is not allowed; {_PLAIN}"))
        if getattr(event, "tag", None):
            found.add((line, "file", f"the tag {shown(event.tag)} is not allowed; {_PLAIN}"))
    if found:
        raise InputError(format_problems(origin, found))


def _lines(root: yaml.Node | None) -> tuple[dict[Location, int], list[Problem], list[Problem]]:
    """Return the line of every place of a document, repeated keys, and keys that are no texts.

    The last of a repeated key stays in the document, so that problems inside it are reported as well.
    """
    lines: dict[Location, int] = {}
    twice: list[Problem] = []
    found: list[Problem] = []

    def visit(node: yaml.Node, place: Location) -> None:
        lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            for i, item in enumerate(node.value):
                visit(item, (*place, i))
        elif isinstance(node, yaml.MappingNode):
            last: dict[str, tuple[yaml.Node, yaml.Node]] = {}
            for key, value in node.value:
                inner = (*place, key.value if isinstance(key, yaml.ScalarNode) else "?")
                lines[inner] = key.start_mark.line + 1
                if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT:
                    found.append((inner, f"{shown(key.value)} is not a key; allowed: a text"))
                    continue
                if key.value in last:
                    twice.append((inner, "is given twice; allowed: once"))
                last[key.value] = (key, value)
            node.value = list(last.values())
            for key, value in node.value:
                visit(value, (*place, key.value))

    if root is not None:
        visit(root, ())
    return lines, twice, found
