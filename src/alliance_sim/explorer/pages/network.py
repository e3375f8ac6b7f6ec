"""Network: who moves whom among the allies, by month."""

from __future__ import annotations

from typing import Any

import reacton.ipyvuetify as rv
import solara
import solara.lab

from alliance_sim.explorer.answers.countries import country_names, squares
from alliance_sim.explorer.answers.network import DRAWS, MEASURES, arrows, measure_network, ranking, ties
from alliance_sim.explorer.answers.network import Network as Measured
from alliance_sim.explorer.components.charts import NetworkMap
from alliance_sim.explorer.components.run import NetworkControls, NetworkTables
from alliance_sim.explorer.components.status import Failure
from alliance_sim.explorer.pages.one_run import OfScenario
from alliance_sim.explorer.state import Session
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import Scenario
from alliance_sim.wording import counted, month_in_words

#: A month in which a year of events has had its part.
FIRST_MONTH = 12
MOST_ARROWS = 80


@solara.component
def Network(session: Session) -> None:
    """The page."""
    OfScenario(session, "Who moves whom", Influence)


@solara.component
def Influence(scenario: Scenario, seed: int) -> None:
    """The influence of allies on each other in a scenario."""
    task = solara.lab.use_task(
        lambda: (scenario, seed, measure_network(scenario, seed)), dependencies=[scenario, seed], raise_error=False
    )
    shown, own_seed, network = task.latest or (scenario, seed, None)
    text = (
        f"{shown.title}: means over futures 0 to {network.draws - 1} of seed {own_seed}."
        if network
        else f"Running {counted(DRAWS, 'future')}. The first time on a machine the model is compiled, for some minutes."
    )
    state = "ready" if network and not task.pending else "computing"
    with rv.Html(tag="div", class_="as-results"):
        if task.error:
            Failure(task.exception)
            return
        rv.Html(tag="p", class_="as-about", attributes={"data-state": state, "role": "status"}, children=[text])
        if network:
            Month(network)


@solara.component
def Month(network: Measured) -> None:
    """A month of the network, with its controls."""
    measure, set_measure = solara.use_state(ISSUES[0])
    chosen, set_month = solara.use_state(FIRST_MONTH)
    count, set_count = solara.use_state(30)
    ally, set_ally = solara.use_state("")
    month = min(chosen, len(network.months) - 1)
    meaning = MEASURES[measure]

    def pick(iso3: str) -> None:
        set_ally("" if iso3 == ally else iso3)

    # Moves are small: in thousandths of the scale they are readable.
    unit, factor = ("thousandths of the scale", 1000.0) if meaning.signed else ("", 1.0)
    shared: dict[str, Any] = {
        "names": country_names(),
        "signed": meaning.signed,
        "unit": unit,
        "factor": factor,
        "ally": ally,
    }
    # The widest arrow is the same in all months, so that months compare.
    top = solara.use_memo(lambda: float(abs(network.moves[measure]).max()), [network, measure])
    with rv.Html(tag="div", class_="as-results"):
        with rv.Html(tag="div", class_="as-card"):
            NetworkControls(
                measures=[{"value": name, "text": each.label} for name, each in MEASURES.items()],
                measure=measure,
                months=[month_in_words(each) for each in network.months],
                month=month,
                count=count,
                most=MOST_ARROWS,
                event_take_measure=set_measure,
                event_take_month=set_month,
                event_take_count=set_count,
            )
        with rv.Html(tag="section", class_="as-network-top"):
            with rv.Html(tag="div", class_="as-card"):
                NetworkMap(
                    title=f"{meaning.label.removesuffix(' of the month')}, {month_in_words(network.months[month])}",
                    tiles=squares(),
                    threat=dict(zip(ALLIES, network.threat[month].round(6).tolist(), strict=True)),
                    arrows=arrows(network, measure, month, count, ally),
                    top=top or 1.0,
                    event_pick=pick,
                    **shared,
                )
            with rv.Html(tag="div", class_="as-card"):
                NetworkTables(
                    rows=ranking(network, measure, month),
                    ties=ties(network, measure, month, ally) if ally else {"moves": [], "moved_by": []},
                    event_pick=pick,
                    **shared,
                )
        with rv.Html(tag="div", class_="as-card as-network-note"):
            rv.Html(tag="h2", children=["What the numbers are"])
            for name, sentence in (
                ("An arrow", f"{meaning.definition}."),
                ("Formula", f"{meaning.formula} (docs/model.md, section {meaning.section})."),
                ("Moves others", "the sum of the sizes of its arrows to all others, of means over the futures."),
                ("Is moved", "the sum of all arrows to it, with their signs."),
                (
                    "By month",
                    "the weights follow last month's positions and the confidence in the U.S. guarantee, so they "
                    "change slowly; moves depend on what the allies say in the month. What they say to each other "
                    "just before a meeting is not in these numbers.",
                ),
            ):  # fmt: skip
                rv.Html(tag="p", children=[rv.Html(tag="b", children=[f"{name}: "]), sentence])
