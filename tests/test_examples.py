"""Every public name has an example in its docstring, and the examples of the whole package run."""

import doctest
import importlib
import inspect
import pkgutil
import re
from functools import cached_property
from pathlib import Path
from types import ModuleType

import pytest

import alliance_sim
from alliance_sim import consensus, dynamics

#: Libraries of optional extras; modules and examples that need a missing one are skipped.
OPTIONAL = ("SALib", "altair", "distributed", "ema_workbench", "ipyvue", "ipyvuetify", "reacton", "solara")
#: Libraries of extras that examples need, though their module can be imported without.
NEEDED = {"alliance_sim.analysis.discovery": "ema_workbench", "alliance_sim.analysis.sensitivity": "SALib"}
PUBLIC = (alliance_sim, consensus, dynamics)


def module_of(name: str) -> ModuleType:
    """Import a module; skip the test if it needs a library of an extra that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in OPTIONAL:
            raise
        pytest.skip(f"{name} needs {error.name}")


def modules() -> list[str]:
    found = pkgutil.walk_packages(alliance_sim.__path__, "alliance_sim.")
    return ["alliance_sim", *(module.name for module in found if not module.name.endswith("__main__"))]


def shown(thing: object) -> str:
    """Return the code of the examples in a docstring."""
    return "".join(each.source for each in doctest.DocTestParser().get_examples(inspect.getdoc(thing) or ""))


def without_example(kind: type) -> list[str]:
    """Return the methods of a class without an example, and the properties that no example of the class reads."""
    public = {name: member for name, member in vars(kind).items() if not name.startswith("_")}
    methods = {name: getattr(member, "__func__", member) for name, member in public.items()}
    methods = {name: method for name, method in methods.items() if inspect.isfunction(method)}
    every = "".join(map(shown, (kind, *public.values())))
    properties = [name for name, member in public.items() if isinstance(member, (property, cached_property))]
    return [
        *(name for name, method in methods.items() if not shown(method)),
        *(name for name in properties if not re.search(rf"\.{name}\b", every)),
    ]


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [each for each in doctest.DocTestFinder().find(module_of(name), name) if each.examples]
    if name in NEEDED:
        pytest.importorskip(NEEDED[name])
    for number, example in enumerate(found):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        report: list[str] = []
        result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=report.append)
        assert result.failed == 0, "".join(report)


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module in PUBLIC for name in module.__all__ if callable(getattr(module, name))],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_public_name_has_an_example(module: ModuleType, name: str) -> None:
    thing = getattr(module, name)
    assert shown(thing)
    if inspect.isclass(thing):
        assert without_example(thing) == []
