"""What a visitor has chosen and sees; each has a session of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import solara

from alliance_sim.explorer.address import MOST_PINS, from_address, pinned, to_address
from alliance_sim.explorer.answers.comparison import Comparison
from alliance_sim.explorer.answers.futures import View
from alliance_sim.explorer.levers import decision_levers
from alliance_sim.explorer.request import FIRST_SCENARIO, Request, usual_base

#: What the navigation names, in its order.
PAGES = ("futures", "why", "compare", "network", "experiments", "run", "about")


@dataclass(frozen=True)
class Choice:
    """What a visitor has chosen.

    Attributes
    ----------
    request : Request
    page : str
        One of `PAGES`.
    item : str
        ``MEETING/ISSUE`` of the decision looked at; empty for that of the headline.
    ally : str
        ISO3 code of the ally looked at; empty for none.
    pins : tuple of Request
        The states to be compared, at most `MOST_PINS`; the first is the reference.

    Examples
    --------
    >>> Choice().address()
    ''
    """

    request: Request = field(default_factory=lambda: Request(base=usual_base(FIRST_SCENARIO)))
    page: str = PAGES[0]
    item: str = ""
    ally: str = ""
    pins: tuple[Request, ...] = ()

    def address(self) -> str:
        """Return the query that restores it.

        Examples
        --------
        >>> Choice(page="why", ally="HUN").address()
        'page=why&ally=HUN'
        """
        page = "" if self.page == PAGES[0] else self.page
        return to_address(self.request, {"page": page, "item": self.item, "ally": self.ally}, self.pins)


def chosen(address: str) -> tuple[Choice, str]:
    """Return what an address restores, and what in it cannot be used.

    Examples
    --------
    >>> choice, problem = chosen("page=why&scenario=helsinki_2018")
    >>> choice.page, choice.request.base, problem
    ('why', 'baseline_2018', '')
    """
    request, more, problem = from_address(address)
    pins, unpinned = pinned(address)
    page = more.get("page", "")
    choice = Choice(request, page if page in PAGES else PAGES[0], more.get("item", ""), more.get("ally", ""), pins)
    return choice, "\n".join(filter(None, (problem, unpinned)))


class Session:
    """The state of one visitor, shared by all pages.

    Attributes
    ----------
    choice : reactive Choice
    problem : reactive str
        What in the address could not be used.
    phase : reactive str
        ``compiling`` or ``computing``, while a run is in progress.
    version : reactive int
        Counts the results that were stored, so that components render again.
    comparison : Comparison or None
        What the page Compare shows, while it is open.
    diagnosis : dict or None
        As `Diagnosis.json` gives it, of the decision `diagnosed`.
    """

    def __init__(self, address: str = "") -> None:
        choice, problem = chosen(address)
        self.choice = solara.reactive(choice)
        self.problem = solara.reactive(problem)
        self.phase = solara.reactive("")
        self.version = solara.reactive(0)
        self.comparison: Comparison | None = None
        self.diagnosis: dict[str, Any] | None = None
        self.diagnosed: tuple[Request, str] | None = None
        self._view: View | None = None

    @property
    def view(self) -> View | None:
        """The last result, shown until the next."""
        _ = self.version.value  # what shows it is drawn again when there is another
        return self._view

    def store(self, view: View) -> None:
        """Keep a result."""
        self._view = view

    @property
    def request(self) -> Request:
        """The run that the controls describe."""
        return self.choice.value.request

    @property
    def item(self) -> str:
        """Key of the decision looked at: the one chosen, if the run has it, else that of the headline."""
        if self.view is None:
            return self.choice.value.item
        keys = [cell["key"] for cell in self.view.cells]
        return self.choice.value.item if self.choice.value.item in keys else self.view.item

    def choose(self, **fields: Any) -> None:
        """Change what is chosen besides the run: page, item, ally."""
        self.choice.value = replace(self.choice.value, **fields)

    def pin(self) -> None:
        """Keep the run that the controls describe for a comparison."""
        pins = self.choice.value.pins
        if self.request not in pins and len(pins) < MOST_PINS:
            self.choose(pins=(*pins, self.request))

    def unpin(self, at: int) -> None:
        """Drop a pin."""
        pins = self.choice.value.pins
        self.choose(pins=(*pins[:at], *pins[at + 1 :]))

    def refer(self, at: int) -> None:
        """Put a pin first: the others are compared with it."""
        pins = self.choice.value.pins
        self.choose(pins=(pins[at], *pins[:at], *pins[at + 1 :]))

    def ask(self, **fields: Any) -> None:
        """Change the run."""
        self.choose(request=replace(self.request, **fields))

    def pick_scenario(self, name: str) -> None:
        """Take another scenario; changes belong to the one before."""
        self.choose(request=Request(name, usual_base(name), self.request.draws, self.request.seed), item="")

    def move(self, lever: str, amount: float | None, others: Collection[str] = ()) -> None:
        """Move a lever of a decision in place of others, or take its change back with None.

        The page goes on looking at that decision.
        """
        self._place(lever, amount, tuple(pair for pair in self.request.levers if pair[0] not in others))

    def _place(self, lever: str, amount: float | None, others: tuple[tuple[str, float], ...]) -> None:
        item, _, _ = lever.rpartition("/")
        self.choose(request=replace(self.request, levers=_with(others, lever, amount)), item=item)

    def add(self, item: str, change: str) -> None:
        """Make a change that was tried on a decision, ``LEVER:AMOUNT``, on top of what was set when it was tried."""
        tried = self.diagnosed[0] if self.diagnosed else self.request  # a second click comes before the next search
        if (tried.scenario, tried.own) != (self.request.scenario, self.request.own):
            return  # another scenario has been chosen, and is on its way
        name, _, amount = change.rpartition(":")
        lever, president = f"{item}/{name}", f"{item}/president."  # one of these replaces another
        others = [pair for pair in tried.levers if not (lever.startswith(president) and pair[0].startswith(president))]
        total = round(dict(tried.levers).get(lever, 0.0) + float(amount), 10)
        furthest = decision_levers(tried, item)[name].values[-1]
        self._place(lever, min(total, furthest) if total > 0.0 else max(total, furthest), tuple(others))

    def set(self, parameter: str, value: float | None) -> None:
        """Set a parameter, or let it be drawn again with None."""
        self.ask(settings=_with(self.request.settings, parameter, value))

    def switch(self, event: str, happens: bool) -> None:
        """Let an event happen or not."""
        others = tuple(name for name in self.request.off if name != event)
        self.ask(off=others if happens else (*others, event))

    def delay(self, event: str, months: int) -> None:
        """Move an event by months."""
        self.ask(later=_with(self.request.later, event, months or None))

    def reset(self) -> None:
        """Take all changes back."""
        self.ask(settings=(), levers=(), off=(), later=())


def _with(pairs: tuple[tuple[str, Any], ...], name: str, value: Any) -> tuple[tuple[str, Any], ...]:
    """Return pairs with one changed in its place, added at the end, or left out with None."""
    values = {**dict(pairs), name: value}
    return tuple((each, found) for each, found in values.items() if found is not None)
