"""Every name that a module lists in `__all__` has an example in its docstring, and all examples run."""

import doctest
import importlib
import inspect
import pkgutil
import re
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import alliance_sim
from alliance_sim import consensus, dynamics

#: Libraries of optional extras; modules and examples that need a missing one are skipped.
OPTIONAL = tuple(
    "SALib altair arviz distributed ema_workbench ipyvue ipyvuetify jax numpyro openpyxl reacton solara".split()
)
#: Libraries of extras that examples need, though their module can be imported without.
NEEDED = {"alliance_sim.analysis.discovery": "ema_workbench", "alliance_sim.analysis.sensitivity": "SALib"}
#: Modules whose methods each have an example of their own; elsewhere one of the class may call them.
PUBLIC = (alliance_sim, consensus, dynamics)
#: The type of a function with a cache.
CACHED = type(cache(len))


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


def without_example(kind: type, own: bool) -> list[str]:
    """Return methods and properties of a class that no example of it uses; with `own`, methods without their own.

    Without `own`, what a base class has already is described there.
    """
    public = {name: getattr(each, "__func__", each) for name, each in vars(kind).items() if not name.startswith("_")}
    methods = {name: each for name, each in public.items() if inspect.isfunction(each)}
    properties = {name: each for name, each in public.items() if isinstance(each, (property, cached_property))}
    every = "".join(map(shown, (kind, *methods.values(), *properties.values())))
    unused = [name for name in (*methods, *properties) if not re.search(rf"\.{name}\b", every)]
    new = [name for name in unused if not any(hasattr(base, name) for base in kind.__bases__)]
    return [
        *(name for name, method in methods.items() if not shown(method) and (own or name in new)),
        *(name for name in properties if name in unused),
    ]


def offered(module: ModuleType) -> dict[str, type | FunctionType]:
    """Return the classes and functions of this package in the `__all__` of a module; for compiled code, the original.

    Components of the explorer are neither: Solara puts them on a page.
    """
    values = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    things = {
        name: inspect.unwrap(value) if isinstance(value, CACHED) else getattr(value, "py_func", value)
        for name, value in values.items()
    }
    return {
        name: thing
        for name, thing in things.items()
        if isinstance(thing, (type, FunctionType)) and thing.__module__.startswith("alliance_sim")
    }


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
        assert without_example(thing, own=True) == []


@pytest.mark.parametrize("name", modules())
def test_every_name_that_a_module_offers_has_an_example(name: str) -> None:
    found = offered(module_of(name))
    missing = [each for each, thing in found.items() if not shown(thing)]
    for each, thing in found.items():
        if isinstance(thing, type):
            missing += [f"{each}.{member}" for member in without_example(thing, own=False)]
    assert missing == []


@pytest.mark.parametrize(
    ("module", "name"), [("alliance_sim.calibration.facts", "facts"), ("alliance_sim.core.jit", "aligned")]
)
def test_cached_and_compiled_functions_need_examples_too(module: str, name: str) -> None:
    assert name in offered(module_of(module))
