"""Reading scenario files, bundled ones and users' own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from alliance_sim.errors import InputError, few_hints, nearest, printable, shown
from alliance_sim.paths import local_path
from alliance_sim.registry.fields import Label
from alliance_sim.scenarios.mappings import as_yaml, plain
from alliance_sim.scenarios.messages import MOST, Location, Problem, listed, problems, report
from alliance_sim.scenarios.parameters import overridden
from alliance_sim.scenarios.schema import KEYS, Scenario
from alliance_sim.scenarios.yaml_files import (
    MAX_BYTES,
    Dumper,
    Loader,
    Parsed,
    bundled,
    is_path,
    parse,
    path_of,
    read_text,
)

__all__ = [
    "ScenarioSource",
    "built",
    "dump",
    "extended",
    "list_scenarios",
    "load_file",
    "load_scenario",
    "load_text",
    "load_with_parent",
    "scenario_path",
    "write_scenario",
]

#: What `load_scenario` takes: a bundled name, a path, the keys of a file, a scenario.
ScenarioSource = str | Path | Mapping[str, object] | Scenario
#: Longest chain of files that extend one another; bundled ones have two.
MAX_CHAIN = 20

#: The commented scenario that a new one starts from.
_TEMPLATE = Path(__file__).with_name("new.yaml")


def list_scenarios() -> tuple[str, ...]:
    """Return the names of the bundled scenarios.

    Examples
    --------
    >>> from alliance_sim.scenarios import list_scenarios
    >>> "baseline_2025" in list_scenarios()
    True
    """
    return tuple(bundled())


def load_scenario(source: ScenarioSource) -> Scenario:
    """Return a scenario.

    Parameters
    ----------
    source : str, Path, mapping or Scenario
        A bundled name, or the path of a file (a text with a slash, or ending in ``.yaml`` or ``.yml``, is a path), or a
        mapping with the keys of a file, ``extends`` among them, whose path is relative to the working directory. A
        mapping is copied. A scenario is returned as it is.

    Raises
    ------
    InputError
        If there is no such scenario, or with all its problems, one a line.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_scenario
    >>> load_scenario("us_support_ends_2025").title
    'U.S. support for Ukraine ends'
    >>> event = {"month": "2026-01", "type": "escalation", "size": 0.2, "source": "hypothetical"}
    >>> load_scenario({"name": "mine", "extends": "baseline_2025", "events": [event]}).months
    48
    """
    if isinstance(source, Scenario):
        return source
    if isinstance(source, Mapping):
        scenario, found = built(plain(source), Path())
        if found or scenario is None:
            raise InputError(listed(found))
        return scenario
    return _open(source, Path(), ())


def load_text(text: str, origin: str = "text") -> Scenario:
    """Return the scenario that a YAML text describes.

    Parameters
    ----------
    text : str
        Paths in it are relative to the working directory.
    origin : str
        Name of the text in messages.

    Raises
    ------
    InputError
        With all problems, one a line: ``origin:line: field: problem; allowed: values``.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_text
    >>> text = '''
    ... name: mine
    ... extends: baseline_2025
    ... events:
    ...   - {month: 3, type: escalation, size: 0.2, source: hypothetical}
    ... '''
    >>> load_text(text).events[0].month
    '2025-09'
    """
    return _read(text, origin, Path(), ())


def dump(scenario: Scenario) -> str:
    """Return a scenario as YAML, complete and free of `extends`; reading it gives the same scenario.

    Examples
    --------
    >>> from alliance_sim.scenarios import dump, load_scenario, load_text
    >>> scenario = load_scenario("washington_2024")
    >>> load_text(dump(scenario)).meetings == scenario.meetings
    True
    """
    fields = scenario.model_dump(mode="json", exclude_none=True)
    return yaml.dump(fields, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)


def scenario_path(name_or_path: str | Path, folder: Path | None = None) -> Path:
    """Return the file of a bundled name, or a path relative to `folder` (default: the working directory).

    Raises
    ------
    InputError
        If it is neither a bundled name nor a path; whether the file exists is not checked.

    Examples
    --------
    >>> from alliance_sim.scenarios import scenario_path
    >>> scenario_path("baseline_2025").name, scenario_path("own/mine.yaml").as_posix()
    ('baseline_2025.yaml', 'own/mine.yaml')
    """
    return path_of(name_or_path, Path() if folder is None else local_path(folder), bundled(), "scenario")


def load_with_parent(name_or_path: str | Path) -> tuple[Scenario, Scenario | None]:
    """Return a scenario and the one that its file `extends`, if it does; the file is read once.

    Errors are those of `load_scenario`.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_with_parent
    >>> [each and each.name for each in load_with_parent("washington_2024")], load_with_parent("baseline_2025")[1]
    (['washington_2024', 'baseline_2025'], None)
    """
    path = scenario_path(name_or_path)
    text = _text(path)
    scenario = load_file(path, text)
    fields, *_ = _parsed(text, str(path))
    return scenario, _open(fields["extends"], path.parent, ()) if "extends" in fields else None


def write_scenario(name: str, source: str | Path = _TEMPLATE, folder: Path | None = None) -> Path:
    """Write a new scenario file ``NAME.yaml`` and return its path.

    Parameters
    ----------
    name : str
        Letters, digits and ``_ . + -``; no bundled scenario may have it.
    source : str or Path
        The scenario whose text is copied, comments and all: a bundled name or a path. Default: a commented
        file with an event, a meeting and samples of the rest.
    folder : Path
        Folder of the new file; default: the working directory.

    Raises
    ------
    InputError
        If the name is not valid, the file exists or cannot be written, or the source cannot be loaded.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_scenario, write_scenario
    >>> path = write_scenario("mine", "washington_2024")
    >>> path.name, load_scenario(path).name
    ('mine.yaml', 'mine')
    """
    try:
        TypeAdapter(Label).validate_python(name)
    except ValidationError as error:
        ((_, problem),) = problems(error, KEYS)
        raise InputError(problem) from None
    if is_path(name):
        raise InputError(f"{shown(name)} is a file; allowed: the name alone, {Path(name).stem}")
    if name in list_scenarios():
        raise InputError(f"{shown(name)} is the name of a bundled scenario; allowed: any other")
    folder = Path() if folder is None else local_path(folder)
    path = folder / f"{name}.yaml"
    text = _renamed(name, source, folder)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            try:
                file.write(text)
                file.flush()
            except BaseException:
                path.unlink()  # An unfinished file would block the next attempt.
                raise
    except FileExistsError:
        raise InputError(f"{path}: there is such a file already; it stays as it is") from None
    except OSError as error:
        raise InputError(f"{path}: the file cannot be written ({error.strerror})") from None
    return path


def _renamed(name: str, source: str | Path, folder: Path) -> str:
    """Return the text of a scenario under another name; the path that it extends is made relative to `folder`."""
    path = scenario_path(source)
    _open(path, Path(), ())
    text = _text(path)
    root = yaml.compose(text, Loader)
    assert isinstance(root, yaml.MappingNode)
    nodes: dict[str, yaml.Node] = {key.value: value for key, value in root.value}
    values = {"name": name}
    if "extends" in nodes and is_path(nodes["extends"].value):
        seen = os.path.relpath(scenario_path(nodes["extends"].value, path.parent), folder)
        values["extends"] = seen if is_path(seen) else f"./{seen}"
    # From the last to the first, so that positions further up stay valid.
    for key in sorted(values, key=lambda key: nodes[key].start_mark.index, reverse=True):
        first, last = nodes[key].start_mark.index, nodes[key].end_mark.index
        line = yaml.dump({key: values[key]}, Dumper=Dumper, allow_unicode=True, width=MAX_BYTES)
        blanks = text[first + len(text[first:last].rstrip()) : last]
        text = text[:first] + line.removeprefix(f"{key}: ").rstrip() + blanks + text[last:]
    return text


def _open(name: str | Path, folder: Path, children: tuple[Path, ...]) -> Scenario:
    """Load a bundled name or a path relative to `folder` that `children` build on."""
    path = scenario_path(name, folder)
    return load_file(path, _text(path), children)


def load_file(path: Path, text: str, children: tuple[Path, ...] = ()) -> Scenario:
    r"""Return the scenario of a file whose text was read; `children` are the files that build on it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from alliance_sim.scenarios.library import load_file
    >>> load_file(Path("short.yaml"), "name: short\nextends: baseline_2025\n").months
    48
    """
    line = (*children, path.resolve())
    if line[-1] in children:
        raise InputError(f"is circular: {' -> '.join(each.stem for each in line)}")
    if len(line) > MAX_CHAIN:
        raise InputError(f"goes on for more than {MAX_CHAIN} files; allowed: {MAX_CHAIN}")
    return _read(text, printable(path), path.parent, line)


def _text(path: Path) -> str:
    return read_text(path, bundled())


def _parsed(text: str, origin: str) -> Parsed:
    return parse(text, origin, "a scenario", KEYS[""])


@few_hints(4 * MOST)
def _read(text: str, origin: str, folder: Path, children: tuple[Path, ...]) -> Scenario:
    data, lines, found = _parsed(text, origin)
    scenario, wrong = _built(data, text, folder, children)
    found += wrong
    if found or scenario is None:
        raise InputError(report(origin, found, lines))
    return scenario


@few_hints(4 * MOST)
def built(data: Mapping[str, Any], folder: Path) -> tuple[Scenario | None, list[Problem]]:
    """Return the scenario of a mapping of plain values, with paths relative to `folder`, and its problems.

    Examples
    --------
    >>> from pathlib import Path
    >>> from alliance_sim.scenarios.library import built
    >>> built({"name": "short", "extends": "baseline_2025", "moths": 12}, Path())[1][0][0]
    ('moths',)
    """
    return _built(data, as_yaml(data), folder, ())


def _built(
    data: Mapping[str, Any], text: str, folder: Path, children: tuple[Path, ...]
) -> tuple[Scenario | None, list[Problem]]:
    """Return the scenario of the content of a file, and its problems."""
    fields = {**data, "text": text}
    found: list[Problem] = []
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
    elif "drop" in fields:
        del fields["drop"]
        found.append((("drop",), "nothing is inherited that could be dropped; allowed: only beside extends"))
    scenario, wrong = extended(parent, fields)
    # Keys that a parent which cannot be read may have are not reported as missing.
    lost = set(KEYS[""]) - data.keys() if "extends" in data and parent is None else set()
    found += [(location, problem) for location, problem in wrong if not (location and location[0] in lost)]
    return scenario, found


def extended(parent: Scenario | None, child: Mapping[str, Any]) -> tuple[Scenario | None, list[Problem]]:
    """Return a scenario and the problems of its fields; None unless all problems concern its `drop`.

    Parameters
    ----------
    parent : Scenario, optional
        The scenario that the fields extend, by the rules of `extends`.
    child : mapping
        Fields as they are in a file, besides `extends`. Problems are located by their place in them.

    Examples
    --------
    >>> from alliance_sim.scenarios import load_scenario
    >>> from alliance_sim.scenarios.library import extended
    >>> fields = {"name": "mine", "text": "", "parameters": {"pledge": 0.5}}
    >>> scenario, problems = extended(load_scenario("baseline_2025"), fields)
    >>> scenario.parameters, problems
    ({'pledge': 0.5}, [])
    """
    fields, found = _merged(parent, dict(child)) if parent else (dict(child), [])
    inherited = {
        key: len(fields[key]) - len(child.get(key) or ())
        for key in ("events", "meetings")
        if parent and isinstance(fields.get(key), list)
    }
    try:
        return Scenario.model_validate(fields), found
    except ValidationError as error:
        found += [_own(location, problem, inherited, fields) for location, problem in problems(error, KEYS)]
    return None, found


def _merged(parent: Scenario, child: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fields of a child on top of its parent's, and the problems of its `drop`."""
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
        fields["parameters"] = overridden(parent.parameters, child["parameters"])
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
