"""Reading scenario files, bundled ones and users' own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from alliance_sim.data import data_folder
from alliance_sim.errors import InputError, few_hints, nearest, printable, shown
from alliance_sim.registry.fields import Label
from alliance_sim.scenarios.messages import MOST, Location, Problem, problems, report, told
from alliance_sim.scenarios.schema import KEYS, Scenario

__all__ = [
    "dump",
    "list_scenarios",
    "load_parent",
    "load_scenario",
    "load_text",
    "scenario_path",
    "write_scenario",
]

#: The longest history has a third of it.
MAX_BYTES = 250_000
#: Levels of lists and mappings in one another; a scenario has five.
MAX_DEPTH = 20
#: Files that build on one another; the bundled ones are two.
MAX_CHAIN = 20

#: The commented scenario that a new one starts from.
_TEMPLATE = Path(__file__).with_name("new.yaml")


class _Loader(yaml.CSafeLoader):
    """YAML 1.2: ``NO`` is Norway, ``1e-3`` a number, a month the text it is. PyYAML by itself reads YAML 1.1."""

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Read 010 as ten."""
        return int(self.construct_scalar(node))


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    # Longer ones are read as floats: a number of many digits takes long to convert.
    ("int", r"[-+]?[0-9]{1,18}", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


class _Dumper(yaml.CSafeDumper):
    """Writes what `_Loader` reads."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


_TEXT = "tag:yaml.org,2002:str"
#: What the parser says where the slip is seldom names it: a line too far in, `month:1`, and a colon in a text are
#: the same to it.
_REASONS = "usual reasons, here or just above: the indentation, no blank after a colon, a text that needs quotes"
_PLAIN = "allowed: the value written out, or the text in quotes"


def list_scenarios() -> tuple[str, ...]:
    """Return the names of the bundled scenarios."""
    return tuple(sorted(path.stem for path in data_folder("scenarios").glob("*.yaml")))


def load_scenario(name_or_path: str | Path | Scenario) -> Scenario:
    """Return a scenario.

    Parameters
    ----------
    name_or_path : str, Path or Scenario
        A bundled name, or the path of a file (a text with a slash, or ending in ``.yaml`` or ``.yml``, is a
        path). A scenario is returned as it is.

    Raises
    ------
    InputError
        If there is no such scenario, or with all that is wrong with it, one problem a line.
    """
    if isinstance(name_or_path, Scenario):
        return name_or_path
    return _open(name_or_path, Path(), ())


def load_text(text: str, origin: str = "text") -> Scenario:
    """Return the scenario that a YAML text describes.

    Parameters
    ----------
    text : str
        Paths in it are relative to the working directory.
    origin : str
        What messages call it.

    Raises
    ------
    InputError
        With all that is wrong, one problem a line: ``origin:line: field: problem, what is allowed``.
    """
    return _read(text, origin, Path(), ())


def dump(scenario: Scenario) -> str:
    """Return a scenario as YAML, complete and free of `extends`; reading it gives the same scenario."""
    fields = scenario.model_dump(mode="json", exclude_none=True)
    return yaml.dump(fields, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def scenario_path(name_or_path: str | Path, folder: Path | None = None) -> Path:
    """Return the file of a bundled name, or a path relative to `folder` (default: the working directory).

    Raises
    ------
    InputError
        If it is neither a bundled name nor a path; whether the file exists is not looked at.
    """
    name = str(name_or_path)
    if isinstance(name_or_path, Path) or _is_path(name):
        return (folder or Path()) / name
    bundled = list_scenarios()
    if name not in bundled:
        raise InputError(
            f"no bundled scenario is called {shown(name)}{nearest(name, bundled)}; allowed: {', '.join(bundled)}, "
            "or the path of a .yaml file"
        )
    return data_folder("scenarios") / f"{name}.yaml"


def load_parent(name_or_path: str | Path) -> Scenario | None:
    """Return the scenario that the file of a scenario `extends`, if it does; raise what `load_scenario` raises."""
    path = scenario_path(name_or_path)
    fields, *_ = _parse(_text(path), str(path))
    return _open(fields["extends"], path.parent, ()) if "extends" in fields else None


def write_scenario(name: str, source: str | Path = _TEMPLATE, folder: Path | None = None) -> Path:
    """Write ``NAME.yaml`` to start a scenario from, and return its path.

    Parameters
    ----------
    name : str
        Letters, digits and ``_ . + -``; not that of a bundled scenario.
    source : str or Path
        The scenario whose text is copied, comments and all: a bundled name or a path. Without it a commented file
        with an event, a meeting and samples of the rest.
    folder : Path
        Where it is written; default: the working directory.

    Raises
    ------
    InputError
        If the name is none, the file exists or cannot be written, or the source cannot be loaded.
    """
    try:
        TypeAdapter(Label).validate_python(name)
    except ValidationError as error:
        ((_, problem),) = problems(error, KEYS)
        raise InputError(problem) from None
    if _is_path(name):
        raise InputError(f"{shown(name)} is a file; allowed: the name alone, {Path(name).stem}")
    if name in list_scenarios():
        raise InputError(f"{shown(name)} is the name of a bundled scenario; allowed: any other")
    folder = folder or Path()
    path = folder / f"{name}.yaml"
    text = _renamed(name, source, folder)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            try:
                file.write(text)
                file.flush()
            except BaseException:
                path.unlink()  # An unfinished file would be in the way of the next try.
                raise
    except FileExistsError:
        raise InputError(f"{path}: there is such a file already; it stays as it is") from None
    except OSError as error:
        raise InputError(f"{path}: the file cannot be written ({error.strerror})") from None
    return path


def _renamed(name: str, source: str | Path, folder: Path) -> str:
    """Return the text of a scenario under another name; a path that it extends is written as seen from `folder`."""
    path = scenario_path(source)
    _open(path, Path(), ())
    text = _text(path)
    root = yaml.compose(text, _Loader)
    assert isinstance(root, yaml.MappingNode)
    nodes: dict[str, yaml.Node] = {key.value: value for key, value in root.value}
    values = {"name": name}
    if "extends" in nodes and _is_path(nodes["extends"].value):
        seen = os.path.relpath(path.parent / nodes["extends"].value, folder)
        values["extends"] = seen if _is_path(seen) else f"./{seen}"
    # From the last to the first, so that places further up stay where they are.
    for key in sorted(values, key=lambda key: nodes[key].start_mark.index, reverse=True):
        first, last = nodes[key].start_mark.index, nodes[key].end_mark.index
        line = yaml.dump({key: values[key]}, Dumper=_Dumper, allow_unicode=True, width=MAX_BYTES)
        blanks = text[first + len(text[first:last].rstrip()) : last]
        text = text[:first] + line.removeprefix(f"{key}: ").rstrip() + blanks + text[last:]
    return text


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith((".yaml", ".yml"))


def _open(name: str | Path, folder: Path, children: tuple[Path, ...]) -> Scenario:
    """Load a bundled name or a path relative to `folder` that `children` build on."""
    path = scenario_path(name, folder)
    text = _text(path)
    line = (*children, path.resolve())
    if line[-1] in children:
        raise InputError(f"goes round in a circle: {' -> '.join(each.stem for each in line)}")
    if len(line) > MAX_CHAIN:
        raise InputError(f"goes on for more than {MAX_CHAIN} files; allowed: {MAX_CHAIN}")
    return _read(text, printable(str(path)), path.parent, line)


def _text(path: Path) -> str:
    origin = printable(str(path))
    try:
        # A pipe that the shell opened; any other could wait for a writer for ever.
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
        problem = "is no file" if path.exists() else "there is no such file"
        raise InputError(f"{origin}: {problem}; allowed: a .yaml file, or one of {', '.join(list_scenarios())}")
    if size > MAX_BYTES:
        raise InputError(f"{origin}: the file has {size:,} bytes; allowed: {MAX_BYTES:,}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{origin}:{line}: file: byte {error.start} is not UTF-8; allowed: text in UTF-8") from None


@few_hints(4 * MOST)
def _read(text: str, origin: str, folder: Path, children: tuple[Path, ...]) -> Scenario:
    data, lines, found = _parse(text, origin)
    fields = {**data, "text": text}
    parent: Scenario | None = None
    if "text" in data:
        found.append((("text",), f"unknown key; allowed: {', '.join(KEYS[''])}"))
    if "extends" in fields:
        name = fields.pop("extends")
        try:
            if not isinstance(name, str):
                raise InputError(f"{shown(name)} is not allowed; allowed: a bundled name or a path")
            parent = _open(name, folder, children)
        except InputError as error:
            found += [(("extends",), line) for line in str(error).splitlines()]
            fields.pop("drop", None)
        else:
            fields, dropped = _merged(parent, fields)
            found += dropped
    elif "drop" in fields:
        del fields["drop"]
        found.append((("drop",), "nothing is inherited that could be dropped; allowed: only beside extends"))
    inherited = {
        key: len(fields[key]) - len(data.get(key) or ())
        for key in ("events", "meetings")
        if isinstance(fields.get(key), list)
    }
    try:
        scenario = Scenario.model_validate(fields)
    except ValidationError as error:
        # What a parent that cannot be read would have brought is not missing.
        lost = set(KEYS[""]) - data.keys() if "extends" in data and parent is None else set()
        found += [
            _own(location, problem, inherited if parent else {}, fields)
            for location, problem in problems(error, KEYS)
            if not (location and location[0] in lost)
        ]
    if found:
        raise InputError(report(origin, found, lines))
    return scenario


def _merged(parent: Scenario, child: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fields of a child on top of its parent's, and what is wrong with its `drop`."""
    drop = child.pop("drop", [])
    if not isinstance(drop, list):
        what = f"{shown(drop)} is not allowed; allowed: a list of ids of inherited events and meetings"
        return {**dict(parent), **child}, [(("drop",), what)]
    ids = [item.id for item in (*parent.events, *parent.meetings)]
    if len(drop) > len(ids):
        return {**dict(parent), **child}, [(("drop",), f"has {len(drop):,} entries; allowed: {len(ids)}, all there is")]
    found: list[Problem] = [
        (("drop", i), f"{shown(name)} is not inherited{nearest(str(name), ids)}; allowed: {', '.join(ids)}")
        for i, name in enumerate(drop)
        if name not in ids
    ]
    found += [
        (("drop", i), f"{shown(name)} is dropped twice; allowed: once")
        for i, name in enumerate(drop)
        if name in drop[:i]
    ]
    fields = {**dict(parent), **child, "text": f"{parent.text.rstrip()}\n---\n{child['text']}"}
    if "name" not in child:
        del fields["name"]
    if isinstance(child.get("parameters"), dict):
        fields["parameters"] = {**parent.parameters, **child["parameters"]}
    for key in ("events", "meetings"):
        kept = [item for item in getattr(parent, key) if item.id not in drop]
        own = child.get(key, [])
        fields[key] = [*kept, *own] if isinstance(own, list) else own
    return fields, found


def _own(location: Location, problem: str, inherited: dict[str, int], fields: dict[str, Any]) -> Problem:
    """Translate a place in the merged scenario to the child's own file."""
    if len(location) > 1 and location[0] in inherited:
        key, i = str(location[0]), int(location[1])
        if i < inherited[key]:
            return (("extends",), f"inherited {fields[key][i].id}: {problem}, or to drop it")
        return ((key, i - inherited[key], *location[2:]), problem)
    return (location, problem)


def _parse(text: str, origin: str) -> tuple[dict[str, Any], dict[Location, int], list[Problem]]:
    """Return the mapping that a YAML text holds, the line of every place in it, and the keys given twice."""
    if len(text) > MAX_BYTES:
        raise InputError(f"{origin}: the text has {len(text):,} characters; allowed: {MAX_BYTES:,}")
    try:
        _refuse_odd(text, origin)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
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
    if not isinstance(data, dict):
        what = "the file is empty" if data is None else "not a scenario"
        raise InputError(f"{origin}:1: file: {what}; allowed: a mapping of {', '.join(KEYS[''])}")
    return data, lines, twice


def _refuse_odd(text: str, origin: str) -> None:
    """Refuse tags, anchors and aliases, and what is nested so deeply that building it would break the stack."""
    depth = 0
    found: set[tuple[int, str, str]] = set()
    event: Any
    for event in yaml.parse(text, _Loader):
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
        raise InputError(told(origin, found))


def _lines(root: yaml.Node | None) -> tuple[dict[Location, int], list[Problem], list[Problem]]:
    """Return the line of every place of a document, repeated keys, and keys that are no texts.

    Of a repeated key the last is left in the document: what else is at fault there can be told, too.
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
