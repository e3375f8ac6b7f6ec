"""The address of a page: it restores everything that a visitor has chosen."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from alliance_sim.errors import InputError, shown
from alliance_sim.explorer.request import DRAWS, FIRST_SCENARIO, MAX_SEED, Request, bases, usual_base
from alliance_sim.scenarios import list_scenarios

#: Bytes of the largest scenario file that an address may hold.
_LARGEST = 200_000
#: States that can be pinned at a time.
MOST_PINS = 4


def to_address(request: Request, more: Mapping[str, str], pins: Sequence[Request] = ()) -> str:
    """Return the query of an address that restores a request, more values and pins; what is usual is left out.

    Examples
    --------
    >>> to_address(Request("baseline_2018", seed=7), {"page": "why"})
    'page=why&scenario=baseline_2018&seed=7'
    """
    usual = Request(base=usual_base(request.scenario) if request.scenario else "")
    pairs = [(key, value) for key, value in more.items() if value]
    pairs += [
        (key, str(getattr(request, key)))
        for key in ("scenario", "base", "draws", "seed")
        if getattr(request, key) != getattr(usual, key)
    ]
    pairs += [("set", f"{name}:{value:g}") for name, value in request.settings]
    pairs += [("lever", f"{name}:{value:g}") for name, value in request.levers]
    pairs += [("off", name) for name in request.off]
    pairs += [("later", f"{name}:{months}") for name, months in request.later]
    if request.own:
        pairs.append(("own", base64.urlsafe_b64encode(zlib.compress(request.own.encode(), 9)).decode()))
    pairs += [("pin", to_address(pin, {})) for pin in pins]
    return urlencode(pairs, safe="/:")


def from_address(query: str) -> tuple[Request, dict[str, str], str]:
    """Return the request of an address, its other values, and what in it cannot be used; that is left out.

    Examples
    --------
    >>> request, more, problem = from_address("page=why&scenario=baseline_2018&seed=7&draws=few")
    >>> request.scenario, request.seed, more, problem
    ('baseline_2018', 7, {'page': 'why'}, "The address: draws 'few' cannot be used")
    """
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    given, more, wrong = dict(pairs), dict[str, str](), list[str]()
    scenario = given.get("scenario", FIRST_SCENARIO)
    if scenario not in list_scenarios() and not (scenario == "" and "own" in given):
        wrong.append(f"scenario {shown(scenario)}")
        pairs, scenario = [pair for pair in pairs if pair[0] in ("draws", "seed", "page")], FIRST_SCENARIO
    request = Request(scenario, usual_base(scenario) if scenario else "")
    for key, value in pairs:
        try:
            if key in _READ:
                request = _READ[key](request, value)
            elif key != "scenario":
                more[key] = value
        except (ValueError, zlib.error):
            wrong.append(f"{key} {shown(value)}")
    if not (request.scenario or request.own):
        request = Request(FIRST_SCENARIO, usual_base(FIRST_SCENARIO), request.draws, request.seed)
    try:
        request.what_if()
    except InputError as error:
        wrong.append(str(error))
        scenario = request.scenario or FIRST_SCENARIO
        request = Request(scenario, usual_base(scenario), request.draws, request.seed)
    return request, more, f"The address: {'; '.join(wrong)} cannot be used" if wrong else ""


def pinned(query: str) -> tuple[tuple[Request, ...], str]:
    """Return the pins of an address, each with the query of its request, and which cannot be used; these are left out.

    Examples
    --------
    >>> pins, problem = pinned("page=compare&pin=scenario%3Dbaseline_2018&pin=seed%3Dx")
    >>> [pin.scenario for pin in pins], problem
    (['baseline_2018'], "The address: pin 'seed=x' cannot be used")
    """
    pins, wrong = list[Request](), list[str]()
    for key, value in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
        if key == "pin":
            pin, more, problem = from_address(value)
            if problem or more or pin in pins or len(pins) == MOST_PINS:
                wrong.append(f"pin {shown(value)}")
            else:
                pins.append(pin)
    return tuple(pins), f"The address: {'; '.join(wrong)} cannot be used" if wrong else ""


def _base(request: Request, value: str) -> Request:
    if value and value not in (bases(request.scenario) if request.scenario else list_scenarios()):
        raise ValueError
    return replace(request, base=value)


def _whole(value: str, low: int, high: int) -> int:
    if not (value.isascii() and value.isdecimal() and low <= int(value) <= high):
        raise ValueError
    return int(value)


def _named(value: str) -> tuple[str, str]:
    name, _, amount = value.rpartition(":")
    return name, amount


def _setting(request: Request, value: str) -> Request:
    name, amount = _named(value)
    return replace(request, settings=(*request.settings, (name, float(amount))))


def _lever(request: Request, value: str) -> Request:
    name, amount = _named(value)
    return replace(request, levers=(*request.levers, (name, float(amount))))


def _later(request: Request, value: str) -> Request:
    name, months = _named(value)
    return replace(request, later=(*request.later, (name, int(months))))


def _own(request: Request, value: str) -> Request:
    reader = zlib.decompressobj()
    text = reader.decompress(base64.urlsafe_b64decode(value), _LARGEST)
    if not reader.eof:
        raise ValueError
    return replace(request, scenario="", own=text.decode())


_READ: Mapping[str, Callable[[Request, str], Request]] = MappingProxyType(
    {
        "base": _base,
        "draws": lambda request, value: replace(request, draws=_whole(value, 1, DRAWS[-1])),
        "seed": lambda request, value: replace(request, seed=_whole(value, 0, MAX_SEED)),
        "set": _setting,
        "lever": _lever,
        "later": _later,
        "off": lambda request, value: replace(request, off=(*request.off, value)),
        "own": _own,
    }
)
