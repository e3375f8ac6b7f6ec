"""The arrays of a decision: the text, who takes part, what they want and how they answer."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from alliance_sim.core.jit import aligned, kernel
from alliance_sim.core.structures import (
    CACHE_LINE,
    ISSUES,
    MAX_PARTS,
    Chances,
    Clamp,
    DecisionRecords,
    Floats,
    Idents,
    Ints,
    Meetings,
)


class Item(NamedTuple):
    """A text to decide on: ``reversion + f * span`` on each issue, f in [0, 1]; several parts make a package.

    Examples
    --------
    >>> from alliance_sim.registry.forums import Rule
    >>> item = Item(
    ...     parts=1, reversion=np.array([0.5]), span=np.array([0.3]), min_share=0.4, divisible=True,
    ...     rule=Rule.UNANIMITY, allowance=0, rounds=2,
    ...     pressure=1.0,
    ... )
    >>> (item.reversion + item.min_share * item.span).round(2).tolist()
    [0.62]
    """

    parts: int
    reversion: Floats  #: (P,); what holds without a decision
    span: Floats  #: (P,); from there to what is asked for
    min_share: float  #: least share worth adopting
    divisible: bool  #: False: taken or left
    rule: int  #: a Rule
    allowance: int  #: the n of unanimity minus n
    rounds: int  #: of silence procedure
    pressure: float  #: [0, 1]; how far isolation and the patron weigh on those who would object


class Seating(NamedTuple):
    """Who takes part in a meeting: rows of its `Session`."""

    n: int  #: voters, rows 0 to n - 1
    rows: int  #: voters, and the patron where it has no vote
    patron: int  #: row of the patron, or -1
    pull: float  #: of the patron: 1 inside the forum
    neutral: float  #: standing of members outside the alliance


class Session(NamedTuple):
    """Participants of a meeting in compact order; arrays are (rows,), those of parts (P, rows)."""

    ally: Ints
    position: Floats  #: (P, rows); what governments want, as read at the meeting
    chair: Floats  #: (P, rows); what the chair thinks they want
    weight: Floats  #: (P, rows); of a part of a package, sum one
    salience: Floats  #: sum over the parts
    indifference: Floats  #: one over salience
    standing: Floats
    isolation: Floats  #: fear of being alone, per isolation cost and standing that supports the text
    dependence: Floats  #: on the patron
    population: Floats
    temper: Floats  #: random part of tolerance, standard logistic
    stake: Floats  #: loss from giving way in a dispute over something else
    susceptibility: Floats
    voice: Floats  #: (rows, rows); column i holds the weights with which i listens, sum one
    span: Floats  #: (P,); of the item in hand
    expressed: Floats  #: (K, rows); positions in a consultation, from here on scratch
    private: Floats  #: (K, rows)
    heard: Floats  #: (K, rows)
    key: Idents  #: names of random numbers
    loss: Floats
    own: Floats
    threshold: Floats
    accept: Floats
    chance: Floats
    order: Ints
    objection: Ints  #: round of the first objection, 0 anticipated, -1 silent
    voiced: Ints  #: 1 where a member spoke against a text, whether or not it broke silence
    before: Floats  #: (4, P, N); what a negotiation changes, while it is repeated


class Weighed(IntEnum):
    """What an ally sets against each other when it answers a text; all but the last are losses.

    It objects where the loss is more than what it bears alone, in company, under its patron and by its temper, less
    its stake.
    """

    loss = 0  # from the text, in place of the reversion; negative is a gain
    alone = 1  # what it bears whoever else is for the text
    company = 2  # what it bears in addition, not to be alone against all
    patron = 3  # what it bears in addition, not to cross its patron
    temper = 4  # the random part of what it bears
    stake = 5  # what it would lose by giving way in a dispute over something else
    position = 6  # what it wants, as read at the meeting; a row for each part of a package


#: Rows of what is kept of an item.
WEIGHED_ROWS = len(Weighed) + MAX_PARTS - 1


class Weighing(NamedTuple):
    """What allies weighed in the last text of one item: that on the table last, or the least thought of.

    An item that was never weighed, and an ally that has no vote, are left as they were.
    """

    column: int  #: of the item, -1 for none
    values: Floats  #: (D, WEIGHED_ROWS, N); D is 0 where nothing is kept


class Notes(NamedTuple):
    """What is noted of items besides how they end."""

    chances: Chances
    weighing: Weighing


class Docket(NamedTuple):
    """Meetings of a scenario, and where decisions of one draw (row) are recorded."""

    meetings: Meetings
    records: DecisionRecords
    row: int
    clamp: Clamp
    chances: Chances
    weighing: Weighing


@kernel(python=True)
def new_session(n):
    """Allocate a session for n allies and a patron from outside."""
    size = (n + CACHE_LINE) // CACHE_LINE * CACHE_LINE  # rows of whole cache lines
    return Session(
        np.zeros(size, np.int64),
        aligned((MAX_PARTS, size)),
        aligned((MAX_PARTS, size)),
        aligned((MAX_PARTS, size)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size, size)),
        aligned((MAX_PARTS,)),
        aligned((ISSUES, size)),
        aligned((ISSUES, size)),
        aligned((ISSUES, size)),
        np.zeros(size, np.uint32),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        aligned((size,)),
        np.zeros(size, np.int64),
        np.full(size, -1, np.int64),
        np.zeros(size, np.int64),
        aligned((4, MAX_PARTS, size)),
    )
