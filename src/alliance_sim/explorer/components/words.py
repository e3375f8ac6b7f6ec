"""A line of words that open what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import reacton.ipyvuetify as rv
import solara

from alliance_sim.explorer.components.charts import Term
from alliance_sim.explorer.terms import TERMS


@solara.component
def Words(names: Sequence[str]) -> None:
    """Words of `TERMS`; a click opens a sentence on each, its formula and source."""
    with rv.Html(tag="p", class_="as-words", attributes={"aria-label": "What the words mean"}):
        rv.Html(tag="span", class_="as-muted", children=["What the words mean:"])
        for name in names:
            Term(**TERMS[name].shown())
