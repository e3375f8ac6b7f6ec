"""Events in the alliance: new members, exercises."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from alliance_sim.registry.events.base import Effect, Event, forcing
from alliance_sim.registry.fields import Ally, Issue, Label, Signed, Text


class Accession(Event):
    """A country joins the alliance; membership follows from it when the scenario is compiled.

    Examples
    --------
    >>> event = Accession(month="2023-04", ally="FIN", source="public fact")
    >>> event.id, event.effects()
    ('accession-2023-04-FIN', ())
    """

    basis: ClassVar[str] = "public dates of accession"
    salient: ClassVar[str | None] = "ally"

    type: Literal["accession"] = "accession"
    ally: Ally = Field(description="country that joins in this month; not a member at the start")

    @model_validator(mode="after")
    def _certain(self) -> Accession:
        # Who sits at the table is the same in every draw.
        if self.probability < 1.0 or self.when or self.during > 1:
            raise ValueError("an accession is certain; allowed: neither probability nor during nor when")
        return self

    def effects(self) -> tuple[Effect, ...]:
        """Return nothing: who sits where is known before a run."""
        return ()


class Exercise(Event):
    """The alliance calls for an exercise with a partner."""

    basis: ClassVar[str] = "B ¶12 (Georgia 2019)"
    salient: ClassVar[str | None] = "partner"

    type: Literal["exercise"] = "exercise"
    partner: Label = Field(description="partner country")
    ambition: Signed = Field(
        description="ambition compared with the usual yearly exercise; negative = scaled down",
        json_schema_extra={"unit": "position"},
    )

    def effects(self) -> tuple[Effect, ...]:
        return forcing("exercise", self.ambition)


class Dispute(Event):
    """An ally begins to hold up texts on an issue over something else; how long that lasts is drawn.

    Examples
    --------
    >>> event = Dispute(month="2026-03", holder="HUN", issue="ukraine_support", about="funds", source="hypothetical")
    >>> event.id, [(effect.kind, effect.actor, effect.issue) for effect in event.effects()]
    ('dispute-2026-03-HUN-ukraine_support', [('dispute', 'HUN', 'ukraine_support')])
    """

    basis: ClassVar[str] = "record to 2019: half of the hard objections come from one ally alone; judgement"

    type: Literal["dispute"] = "dispute"
    holder: Ally = Field(description="ally that holds texts up")
    issue: Issue = Field(description="issue of the texts")
    about: Text = Field(description="what the dispute is about")

    def _salient(self) -> tuple[str, ...]:
        return (self.holder, self.issue)

    def effects(self) -> tuple[Effect, ...]:
        return (Effect("dispute", "dispute", 1.0, self.holder, self.issue),)

    def allies(self) -> tuple[str, ...]:
        return (self.holder,)
