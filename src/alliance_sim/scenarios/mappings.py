"""Scenarios and experiments as mappings in memory: copied, and checked like the content of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Set
from numbers import Integral, Real
from typing import Any

import yaml

from alliance_sim.errors import InputError, shown
from alliance_sim.registry.fields import Record
from alliance_sim.scenarios.messages import Location, Problem, field_name, listed
from alliance_sim.scenarios.yaml_files import MAX_BYTES, MAX_DEPTH, Dumper, is_path

__all__ = ["as_yaml", "plain"]

_ALLOWED = "a text, a number, true or false, a list or a mapping"


def plain(source: Mapping[str, object]) -> dict[str, Any]:
    """Return a copy of a mapping with the values that a file can hold.

    Parameters
    ----------
    source : mapping
        Values may also be records, numbers of NumPy and paths.

    Raises
    ------
    InputError
        If it holds something else, or is nested too deeply.

    Examples
    --------
    >>> from alliance_sim.scenarios import Distribution
    >>> from alliance_sim.scenarios.mappings import plain
    >>> plain({"parameters": {"pledge": Distribution(uniform=(0.4, 0.7))}, "sources": ("mine",)})
    {'parameters': {'pledge': {'uniform': [0.4, 0.7]}}, 'sources': ['mine']}
    """
    found: list[Problem] = []
    copy = {str(key): _copy(value, (str(key),), found) for key, value in _entries(source, (), found)}
    if found:
        raise InputError(listed(found))
    return copy


def as_yaml(fields: Mapping[str, object]) -> str:
    """Return a mapping of plain values as YAML.

    Raises
    ------
    InputError
        If it is longer than a file may be.

    Examples
    --------
    >>> from alliance_sim.scenarios.mappings import as_yaml
    >>> as_yaml({"name": "mine", "months": 12}).splitlines()
    ['name: mine', 'months: 12']
    """
    text: str = yaml.dump(dict(fields), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    if len(text) > MAX_BYTES:
        raise InputError(f"the mapping has {len(text):,} characters as YAML; allowed: {MAX_BYTES:,}")
    return text


def _copy(value: object, place: Location, found: list[Problem]) -> object:
    if len(place) > MAX_DEPTH:
        raise InputError(f"{field_name(place[:1])}: nested too deeply; allowed: {MAX_DEPTH} levels")
    match value:
        case Record():
            return value.model_dump(mode="json", exclude_none=True)
        case Mapping():
            return {key: _copy(inner, (*place, key), found) for key, inner in _entries(value, place, found)}
        case list() | tuple():
            return [_copy(inner, (*place, i), found) for i, inner in enumerate(value)]
        case None | bool():
            return value
        case str():
            if _is_text(value):
                return str.__str__(value)
        case os.PathLike():
            path = os.fspath(value)
            return path if is_path(path) else f"./{path}"
        case Integral():
            return int(value)
        case Real():
            return float(value)
        case _ if getattr(getattr(value, "dtype", None), "kind", "") == "b" and getattr(value, "ndim", None) == 0:
            return bool(value)  # NumPy's
    what = "a set" if isinstance(value, Set) else shown(value)
    found.append((place, f"{what} is not allowed; allowed: {_ALLOWED}"))
    return None


def _entries(source: Mapping[str, object], place: Location, found: list[Problem]) -> list[tuple[str, object]]:
    """Return the entries of a mapping whose keys are texts."""
    wrong = [key for key in source if not (isinstance(key, str) and _is_text(key))]
    found += [((*place, "?"), f"{shown(key)} is not a key; allowed: a text") for key in wrong]
    return [(str.__str__(key), value) for key, value in source.items() if key not in wrong]


def _is_text(value: str) -> bool:
    """Return whether a text can be written to a file: half of a pair of UTF-16 cannot."""
    return value.isascii() or not any("\ud800" <= each <= "\udfff" for each in value)
