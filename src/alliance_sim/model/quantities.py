"""Attributes of agents that read and write numbers in the core's arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, overload

from numpy.typing import NDArray

from alliance_sim.compile import Block
from alliance_sim.errors import InputError, nearest
from alliance_sim.registry.issues import ISSUES

#: Finds the array of a quantity: from a block of one draw and the index of an ally to a one-dimensional view.
Place = Callable[[Block, int], NDArray[Any]]


def checked(value: float, low: float, high: float, what: str) -> float:
    """Return `value` as a float; raise InputError unless it is a number within [low, high]."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise InputError(f"{what}: {value!r} is out of range; allowed: {low:g} to {high:g}")
    return number


class Quantity:
    """One number of an agent, kept in an array of the core.

    Parameters
    ----------
    place : callable
        Finds the array.
    row : int
        Its row, by the core's tables (`alliance_sim.core.structures`).
    low, high : float
        Range of the values that may be written.
    along : Quantity, optional
        A number that changes by the same amount when the quantity is written, so that the core, which computes one from
        the other, arrives at the value written.
    """

    def __init__(
        self, place: Place, row: int, low: float = 0.0, high: float = 1.0, along: Quantity | None = None
    ) -> None:
        self.place, self.row, self.low, self.high, self.along = place, row, low, high, along

    def __set_name__(self, owner: type, name: str) -> None:
        """Store the attribute's name for messages."""
        self.name = name

    @overload
    def __get__(self, agent: None, owner: type) -> Self: ...

    @overload
    def __get__(self, agent: object, owner: type) -> float: ...

    def __get__(self, agent: Any, owner: type) -> Self | float:
        return self if agent is None else float(self._cells(agent)[self.row])

    def __set__(self, agent: Any, value: float) -> None:
        number = checked(value, self.low, self.high, f"{agent.iso3}.{self.name}")
        cells = self._cells(agent)
        if self.along is not None:
            self.along._cells(agent)[self.along.row] += number - cells[self.row]
        cells[self.row] = number

    def _cells(self, agent: Any) -> NDArray[Any]:
        # Looked up at each access, so that a copy of a model uses its own arrays.
        return self.place(agent.model.block, agent.index)


class ReadOnly(Quantity):
    """A quantity that is computed from others and cannot be written."""

    def __init__(self, place: Place, row: int, instead: str) -> None:
        super().__init__(place, row)
        self.instead = instead

    def __set__(self, agent: Any, value: float) -> None:
        raise InputError(f"{agent.iso3}.{self.name}: follows from other quantities; write {self.instead}")


def ally_state(row: int, low: float = 0.0, high: float = 1.0, along: Quantity | None = None) -> Quantity:
    """Return a state of an ally, by `AllyState`."""
    return Quantity(lambda block, i: block.states.ally[0, :, i], row, low, high, along)


def ally_trait(row: int) -> Quantity:
    """Return a trait of an ally that is drawn once per draw, by `AllyInput`."""
    return Quantity(lambda block, i: block.inputs.ally_input[0, :, i], row)


def world_state(row: int, high: float = 1.0, along: Quantity | None = None) -> Quantity:
    """Return a state of the world, by `World`."""
    return Quantity(lambda block, i: block.states.world[0], row, 0.0, high, along)


def parameter(row: int) -> Quantity:
    """Return a parameter of the draw, by `Param`."""
    return Quantity(lambda block, i: block.inputs.params[0], row)


class ByIssue(Mapping[str, float]):
    """Numbers in [low, 1] by issue, read and written like a dictionary.

    Parameters
    ----------
    values : (K,) array
        In the order of ``ISSUES``; a view on the core.
    write : callable
        Takes the index of an issue and its new value.
    what : str
        Name in messages.
    low : float
        Lowest value allowed.
    """

    def __init__(self, values: NDArray[Any], write: Callable[[int, float], None], what: str, low: float = 0.0) -> None:
        self._values, self._write, self._what, self._low = values, write, what, low

    def __getitem__(self, issue: str) -> float:
        return float(self._values[self._index(issue)])

    def __setitem__(self, issue: str, value: float) -> None:
        index = self._index(issue)
        self._write(index, checked(value, self._low, 1.0, f"{self._what}[{issue!r}]"))

    def __iter__(self) -> Iterator[str]:
        return iter(ISSUES)

    def __len__(self) -> int:
        return len(ISSUES)

    def __contains__(self, issue: object) -> bool:
        return issue in ISSUES

    def __repr__(self) -> str:
        return f"{self._what}: {dict(self)}"

    def _index(self, issue: str) -> int:
        if issue not in ISSUES:
            hint = nearest(str(issue), ISSUES)
            raise InputError(f"{self._what}: {issue!r} is not an issue{hint}; allowed: {', '.join(ISSUES)}")
        return ISSUES.index(issue)
