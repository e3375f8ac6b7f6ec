"""The controls beside every page: scenario, base, levers, events, parameters, draws and seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import reacton.ipyvuetify as rv
import solara

from alliance_sim.analysis.levers import Lever
from alliance_sim.errors import InputError
from alliance_sim.explorer import levers
from alliance_sim.explorer.address import MOST_PINS
from alliance_sim.explorer.answers.comparison import LETTERS
from alliance_sim.explorer.components import AmountSlider, Choice, Happenings, LeverSlider, Number, Parameters, Upload
from alliance_sim.explorer.request import DRAWS, MAX_SEED, Request, bases, bundled
from alliance_sim.explorer.state import Session
from alliance_sim.explorer.terms import TERMS
from alliance_sim.registry.labels import ISSUE_LABELS
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import Scenario, list_scenarios
from alliance_sim.wording import month_in_words

_AS_IT_IS = {"value": "", "text": "as it is"}


@solara.component
def Controls(session: Session, scenario: Scenario) -> None:
    """All controls of a session; `scenario` is that of the request, without changes."""
    request, item = session.request, session.item
    found = solara.use_memo(lambda: levers.decision_levers(request, item), [request.scenario, request.own, item])
    made = solara.use_memo(lambda: levers.changes(request), [request])
    with rv.Html(tag="aside", class_="as-side", attributes={"id": "as-side", "aria-label": "What if"}):
        Scenarios(session, scenario)
        if request.changes:
            with rv.Html(tag="ul", class_="as-changed", attributes={"aria-label": "What is changed"}):
                for change in made:
                    rv.Html(tag="li", children=[change])
            solara.Button("Take all changes back", on_click=session.reset, text=True, small=True, classes=["as-link"])
        Pin(session)
        for group, members in levers.GROUPS.items():
            rv.Html(tag="h3", children=[group])
            for name in members:
                if name in PARAMETERS:
                    LeverSlider(
                        lever=levers.slider(name, scenario),
                        value=dict(request.settings).get(name),
                        event_move=partial(session.set, name),
                    ).key(f"{request.scenario}/{name}")
                elif several := [each for each in found.values() if each.name.partition(".")[0] == name]:
                    DecisionLever(session, f"{item}/", several, name).key(f"{request.scenario}/{item}/{name}")
        if item:
            rv.Html(tag="p", class_="as-muted", children=[_about(item, scenario)])
        Happenings(
            rows=levers.event_rows(request, scenario),
            event_turn=lambda pair: session.switch(*pair),
            event_shift=lambda pair: session.delay(*pair),
        )
        Parameters(rows=levers.parameter_rows(request, scenario), event_set=lambda pair: session.set(*pair))
        Own(session)
        rv.Html(tag="h3", children=["Monte Carlo"])
        Choice(
            name="draws", label="Futures (draws)", value=str(request.draws),
            options=[{"value": str(each), "text": f"{each:,}"} for each in sorted({*DRAWS, request.draws})],
            event_pick=lambda text: session.ask(draws=int(text)),
        )  # fmt: skip
        Seed(request.seed, lambda seed: session.ask(seed=seed))


@solara.component
def Pin(session: Session) -> None:
    """The button that keeps the run for the page Compare; why it cannot be pressed is said beside it."""
    pins = session.choice.value.pins
    why = ""
    if session.request in pins:
        why = f"This state is pinned, as {LETTERS[pins.index(session.request)]}"
    elif len(pins) == MOST_PINS:
        why = f"{MOST_PINS} states are pinned; remove one on the page Compare"
    with rv.Html(tag="div", class_="as-pin", attributes={"title": why}):
        solara.Button(
            "Pin for comparison", on_click=session.pin, text=True, small=True, disabled=bool(why), classes=["as-link"]
        )
        if pins:
            rv.Html(tag="span", class_="as-muted", attributes={"role": "status"}, children=[f"{len(pins)} pinned"])


@solara.component
def Scenarios(session: Session, scenario: Scenario) -> None:
    """The choice of a scenario, and of what it is set against."""
    request = session.request
    known = [bundled(name) for name in list_scenarios()]
    titles = {each.name: each.title for each in known}
    groups = [
        {"label": f"Era of {era}", "options": [{"value": s.name, "text": s.title} for s in known if s.era == era]}
        for era in sorted({each.era for each in known}, reverse=True)
    ]
    Choice(
        name="scenario", label="What if", value=request.scenario, groups=groups, event_pick=session.pick_scenario,
        options=[{"value": "", "text": "your file"}] if request.own else [],
    )  # fmt: skip
    first = scenario.description.partition(". ")[0].rstrip(".")
    rv.Html(tag="p", class_="as-muted as-about", children=[f"{first}." if first else ""])
    others = bases(request.scenario) if request.scenario else ()
    itself = {"value": "", "text": "itself, without the changes"}
    Choice(
        name="base", label="Set against (dashed)", value=request.base,
        options=[itself, *({"value": name, "text": titles[name]} for name in others)],
        event_pick=lambda name: session.ask(base=name),
    )  # fmt: skip


@solara.component
def DecisionLever(session: Session, prefix: str, several: list[Lever], policy: str) -> None:
    """A lever of the decision looked at: a slider over amounts, or a choice among several."""
    moved = dict(session.request.levers)
    single = [lever for lever in several if len(lever.values) == 1]
    if len(several) == 1 and not single:
        (lever,) = several
        AmountSlider(
            lever=levers.amount(lever),
            value=moved.get(prefix + lever.name),
            event_move=partial(session.move, prefix + lever.name),
        )
        return

    def pick(text: str) -> None:
        name, _, value = text.partition(":")
        names = [prefix + each.name for each in several]
        session.move(prefix + name if name else names[0], float(value) if name else None, names)

    options = [
        {"value": f"{lever.name}:{value:g}", "text": lever.label(value)} for lever in several for value in lever.values
    ]
    chosen = next((f"{each.name}:{moved[prefix + each.name]:g}" for each in several if prefix + each.name in moved), "")
    Choice(
        name=policy, label=TERMS[policy].word, value=chosen, options=[_AS_IT_IS, *options], event_pick=pick,
    )  # fmt: skip


@solara.component
def Own(session: Session) -> None:
    """A scenario file of the visitor; what is wrong with it is said beside it."""
    problem, set_problem = solara.use_state("")

    def read(pair: list[str]) -> None:
        name, text = pair
        request = Request("", own=text, draws=session.request.draws, seed=session.request.seed)
        try:
            if not text:
                raise InputError(f"{name}; allowed: a scenario file of up to 200 kB")
            request.what_if()
        except InputError as error:
            set_problem(str(error).replace("the file", name))
            return
        set_problem("")
        session.choose(request=request, item="")

    Upload(event_open=read)
    if problem:
        rv.Html(tag="div", class_="as-error", attributes={"role": "alert"}, children=[problem])


@solara.component
def Seed(value: int, on_value: Callable[[int], None]) -> None:
    """The seed; an invalid one is refused beside the field."""
    problem, set_problem = solara.use_state("")

    def take(text: str) -> None:
        valid = text.isdecimal() and int(text) <= MAX_SEED
        set_problem("" if valid else "A whole number from 0 to 2^64 - 1")
        if valid:
            on_value(int(text))

    Number(name="seed", label="Seed", value=str(value), problem=problem, event_take=take)


def _about(item: str, scenario: Scenario) -> str:
    meeting, _, issue = item.partition("/")
    month = next((each.month for each in scenario.meetings if each.id == meeting), "")
    when = f" in {month_in_words(month)}" if month else ""
    return f"The levers of Washington, the text and the rule act on {ISSUE_LABELS.get(issue, issue)}{when}."
