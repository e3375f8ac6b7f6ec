"""The library of experiments: bundled files and users' own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from alliance_sim.errors import InputError, few_hints, printable
from alliance_sim.experiments.schema import KEYS, Experiment
from alliance_sim.scenarios import Scenario
from alliance_sim.scenarios import library as scenarios
from alliance_sim.scenarios.mappings import as_yaml, plain
from alliance_sim.scenarios.messages import MOST, Problem, problems, report
from alliance_sim.scenarios.schema import KEYS as SCENARIO_KEYS
from alliance_sim.scenarios.yaml_files import bundled, parse, path_of, read_text

__all__ = ["experiment_path", "list_experiments", "load_experiment", "load_file"]

FOLDER = "experiments"


def list_experiments() -> tuple[str, ...]:
    """Return the names of the bundled experiments.

    Examples
    --------
    >>> import alliance_sim as als
    >>> "summit_form_2018" in als.list_experiments()
    True
    """
    return tuple(bundled(FOLDER))


def load_experiment(source: str | Path | Mapping[str, object] | Experiment) -> Experiment:
    """Return an experiment.

    Parameters
    ----------
    source : str, Path, mapping or Experiment
        A bundled name, or the path of a file (a text with a slash, or ending in ``.yaml`` or ``.yml``, is a path), or a
        mapping with the keys of a file, whose paths are relative to the working directory. A mapping is copied. An
        experiment is returned as it is.

    Returns
    -------
    Experiment

    Raises
    ------
    InputError
        If there is no such experiment, or with all its problems, one a line.

    Examples
    --------
    >>> import alliance_sim as als
    >>> als.load_experiment("summit_form_2018").scenario.name
    'helsinki_2018'
    """
    if isinstance(source, Experiment):
        return source
    if isinstance(source, Mapping):
        base = {key: value for key, value in source.items() if key == "scenario" and isinstance(value, Scenario)}
        fields = plain({key: value for key, value in source.items() if key not in base})
        return Experiment.validated({**fields, **base, "text": as_yaml(fields)})
    path = experiment_path(source)
    return _read(read_text(path, bundled(FOLDER)), path)


def experiment_path(name_or_path: str | Path) -> Path:
    """Return the file of a bundled name, or the path; raise `InputError` if it is neither.

    The file need not exist.

    Examples
    --------
    >>> from alliance_sim.experiments import experiment_path
    >>> experiment_path("summit_form_2018").name, experiment_path("own/mine.yaml").as_posix()
    ('summit_form_2018.yaml', 'own/mine.yaml')
    """
    return path_of(name_or_path, Path(), bundled(FOLDER), "experiment")


def load_file(name_or_path: str | Path) -> Scenario | Experiment:
    """Return the scenario or the experiment of a bundled name or a file, depending on its keys.

    Examples
    --------
    >>> from alliance_sim.experiments import load_file
    >>> [type(load_file(name)).__name__ for name in ("baseline_2018", "summit_form_2018")]
    ['Scenario', 'Experiment']
    """
    files = bundled() | bundled(FOLDER)
    path = path_of(name_or_path, Path(), files, "scenario or experiment")
    text = read_text(path, files)
    data, *_ = parse(text, printable(str(path)), "a scenario", SCENARIO_KEYS[""])
    own = sum((key in KEYS[""]) - (key in SCENARIO_KEYS[""]) for key in data)
    return _read(text, path) if own > 0 else scenarios.load_file(path, text)


@few_hints(4 * MOST)
def _read(text: str, path: Path) -> Experiment:
    origin = printable(str(path))
    data, lines, found = parse(text, origin, "an experiment", KEYS[""])
    if "text" in data:
        found.append((("text",), f"unknown key; allowed: {', '.join(KEYS[''])}"))
    wrong: list[Problem] = []
    try:
        experiment = Experiment.model_validate({**data, "text": text}, context={"folder": path.parent})
    except ValidationError as error:
        wrong = problems(error, KEYS)
    if found or wrong:
        raise InputError(report(origin, found + wrong, lines))
    return experiment
