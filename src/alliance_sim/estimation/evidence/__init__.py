"""Where a number comes from: prior, posterior, and the documents, figures and decisions behind it.

`evidence` takes an actor, a parameter or an issue and gives back sentences, numbers and rows of evidence. How much a
row pulls is the mean with the row less the mean without, by importance sampling of the draws (leave-one-out) or, where
that is not reliable, by a refit, as far as the reports in ``calibration/report`` have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Literal

from alliance_sim import countries
from alliance_sim.calibration.posterior import INSTITUTIONS, LEADER
from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.estimation.evidence.actors import (
    ACTORS,
    actor_numbers,
    actor_sources,
    departures,
    threat_name,
)
from alliance_sim.estimation.evidence.issues import issue_numbers, issue_sources, issue_words
from alliance_sim.estimation.evidence.parameters import parameter_numbers, parameter_sources, parameter_words
from alliance_sim.estimation.evidence.parts import Number, Source, plain
from alliance_sim.estimation.evidence.reports import behaviour, documents, measurement, pulled_by_record, stands_in
from alliance_sim.estimation.evidence.sentences import actor_words
from alliance_sim.estimation.evidence.text import HEAD, LEVEL_HEAD, level_lines, number_lines, paragraph, source_lines
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE, ERAS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, current_name, parameter_names, replaced
from alliance_sim.registry.parameters import PARAMETERS

__all__ = ["ACTORS", "Evidence", "Number", "Source", "evidence"]

Kind = Literal["actor", "parameter", "issue"]

#: Rows that a report shows at most, unless it shows all.
MOST_ROWS = 4
#: Rows that it shows at least, if there are so many about the actor itself.
LEAST_ROWS = 3
#: What the head of rows says of them, where there are those of two principals.
_WHOSE = {LEADER: " about the president", INSTITUTIONS: " about the institutions"}
#: Numbers of one actor, or of allies, that it shows.
MOST_NUMBERS = 6


@dataclass(frozen=True)
class Evidence:
    """The evidence behind an actor, a parameter or an issue; ``str()`` renders it, sentences first.

    Attributes
    ----------
    name : str
    kind : str
        ``actor``, ``parameter`` or ``issue``.
    era : str or None
        None for a parameter without one.
    words : tuple of str
        What can be said of it, a paragraph for each principal or the parameter.
    numbers : tuple of Number
        Prior, measured value and posterior.
    sources : tuple of Source
        The rows behind them, those that pull most first.
    notes : tuple of str
        What is missing, and what signs mean.

    Examples
    --------
    >>> found = evidence("Hungary")
    >>> found.name, found.era, found.numbers[0].name, found.sources[0].id
    ('HUN', '2025', 'threat.HUN.2025', 'lean.HUN.2025')
    >>> str(found).splitlines()[0]
    'HUN, 2025'
    """

    name: str
    kind: Kind
    era: str | None
    words: tuple[str, ...]
    numbers: tuple[Number, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as what JSON has, numbers unrounded.

        Examples
        --------
        >>> found = evidence("pledge").to_dict()
        >>> found["kind"], round(found["numbers"][0]["prior"]["mean"], 2)
        ('parameter', 0.25)
        """
        return plain(self)  # type: ignore[no-any-return]

    def lines(self, every: bool = False) -> list[str]:
        """Return the text in lines of at most 80 columns.

        Parameters
        ----------
        every : bool
            All numbers and all rows, with their texts in full; else those that tell most.

        Examples
        --------
        >>> found = evidence("EST")
        >>> len(found.lines()) < len(found.lines(every=True)), max(map(len, found.lines(every=True))) <= 80
        (True, True)
        """
        found = [self.name + (f", {self.era}" if self.era else ""), ""]
        for each in self.words:
            found += [*paragraph([each]), ""]
        numbers = self.numbers if every else self._telling()
        found += number_lines(numbers)
        shown: dict[str, Source] = {}
        lines: list[str] = []
        pulled = self.pulled(every)
        for owner, number, rows in pulled:
            label = _WHOSE.get(owner, "") if len(pulled) > 1 else ""
            shown |= {each.id: each for each in rows}
            if rows and self.kind == "issue":
                lines += ["", LEVEL_HEAD, *level_lines(rows, self.era or "", every)]
            elif rows:
                lines += ["", f"{HEAD}{label}", *source_lines(rows, number, owner, self.era or "", every)]
        missing = {"numbers": len(self.numbers) - len(numbers), "rows": len(self.sources) - len(shown)}
        left_out = " and ".join(f"{count} {what}" for what, count in missing.items() if count)
        rest = [f"Not shown: {left_out} (--all)."] if left_out else []
        notes = paragraph([*_legend(lines, self.kind), *_cited(shown.values()), *self.notes, *rest])
        return [*found, *lines, "", *notes] if notes else [*found, *lines]

    def pulled(self, every: bool = False) -> list[tuple[str, str, list[Source]]]:
        """Return the rows behind each number that a report explains: of an actor, perceived threat.

        Parameters
        ----------
        every : bool
            All rows; else those that tell most.

        Returns
        -------
        list of (actor, number, rows)
            The United States have two: the president and the institutions. Rows that pull most come first.

        Examples
        --------
        >>> [(actor, number, rows[0].id) for actor, number, rows in evidence("HUN").pulled()]
        [('HUN', 'threat.HUN.2025', 'lean.HUN.2025')]
        """
        found = [("", self.numbers[0].name)]
        if self.kind == "actor":
            era = self.era or ERAS[-1]
            found = [(each, threat_name(each, era)) for each in _principals(self.name, era)]
        most = MOST_ROWS if len(found) == 1 else LEAST_ROWS
        return [(owner, number, self._rows(number, None if every else most)) for owner, number in found]

    def _rows(self, number: str, most: int | None) -> list[Source]:
        rows = sorted(self.sources, key=lambda each: _place(each, number))
        return rows if most is None else _telling(rows, number, most)

    def _telling(self) -> tuple[Number, ...]:
        """Return the numbers that a short report shows: traits, and positions set apart; the best known allies'."""
        if self.kind != "actor":
            ranked = sorted(self.numbers, key=lambda each: -(each.shrinkage or 0.0))
            return tuple(ranked[:MOST_NUMBERS])
        apart = {f"position.{issue}.{self.name}" for issue in departures(self.name, self.era or ERAS[-1])}
        traits = [each for each in self.numbers if not each.name.startswith("position.")]
        return tuple([*traits, *(each for each in self.numbers if each.name in apart)][:MOST_NUMBERS])


def _telling(rows: list[Source], number: str, most: int) -> list[Source]:
    """Return the rows that a short report shows: those of known pull, and some of the actor's own if they are few."""
    fitted = [each for each in rows if each.kind not in ("background", "cause")]
    known = sum(each.pull(number) is not None for each in fitted)
    own = sum(each.pull(number) is None and each.counts for each in fitted)
    return fitted[: min(most, max(known, min(LEAST_ROWS, known + own)))]


def _place(row: Source, number: str) -> tuple[bool, float, bool, bool]:
    """Return where a row comes: those that pull most first, then the actor's own leanings and figures."""
    pull = row.pull(number)
    unknown = pull is None
    unfitted = row.kind in ("background", "cause")
    return unfitted, -abs(pull or 0.0), unknown and not row.counts, unknown and bool(row.document)


def _legend(lines: list[str], kind: Kind) -> Iterator[str]:
    """Say what the pulls in lines and their marks mean."""
    marks = {line.split()[0][-1] for line in lines if line.startswith(("+", "-", "<"))}
    if lines and kind != "issue":
        what = "mean perceived threat" if kind == "actor" else "mean"
        said = "; r: by a refit" * ("r" in marks) + "; ?: importance sampling cannot tell" * ("?" in marks)
        said += "; <: smaller than that" * any(line.startswith("<") for line in lines)
        yield f"pull: {what} less that without the row{said}."


def _cited(rows: Iterable[Source]) -> list[str]:
    """Return a line for each document that rows are from."""
    cited = {each.document for each in rows}
    return [f"{each['line']}." for each in documents().values() if each["label"] in cited]


def _principals(name: str, era: str) -> tuple[str, ...]:
    """Return who is measured of an actor: two of the United States, where both are."""
    return tuple(each for each in (LEADER, INSTITUTIONS) if each in ACTORS[era]) if name == ALLIES[0] else (name,)


def evidence(name: str, era: str | None = None) -> Evidence:
    """Return the evidence behind an actor's numbers, a parameter, or the curve of an issue.

    Parameters
    ----------
    name : str
        An ally by code or name, ``USA`` (both of its principals), ``USA.leader``, ``USA.institutions``; a
        parameter (``pledge``, ``susceptibility.HUN``); or an issue (``sanctions``).
    era : str, optional
        Of `ACTORS`; by default the last that a scenario can begin from. Of a parameter: only the prior of this era.

    Returns
    -------
    Evidence

    Raises
    ------
    InputError
        If there is no such actor, parameter or issue, or it is not measured in the era.

    Examples
    --------
    >>> import alliance_sim as als
    >>> print(als.evidence("USA.leader", era="2018").words[0].partition(" of .")[0])
    The president of the United States (2018) sees a threat
    >>> als.evidence("susceptibility.HUN").numbers[0].prior_text
    'uniform 0.2 to 0.6'
    """
    kind, found = _resolved(name)
    if kind == "issue":
        return _of_issue(found, _era(era))
    return _of_parameter(found, era) if kind == "parameter" else _of_actor(found, _era(era))


def _era(era: str | None) -> str:
    """Return an era of `ACTORS`; the last that a scenario can begin from by default."""
    chosen = ERAS[-1] if era is None else era
    if chosen not in ERA_TABLE:
        raise InputError(f"era: {shown(chosen)} is not one of {', '.join(ACTORS)}{nearest(chosen, ACTORS)}")
    return chosen


def _resolved(name: str) -> tuple[Kind, str]:
    """Return what a name is of, and how the project writes it."""
    actors = (ALLIES[0], LEADER, INSTITUTIONS, *ALLIES[1:])
    if name in actors:
        return "actor", name
    if name in ACTOR_QUANTITIES:
        return "actor", name.removeprefix("threat_perception.") if name.startswith("threat") else name.split(".", 2)[2]
    if name in ISSUES:
        return "issue", name
    current = current_name(name)
    if current in PARAMETERS or current in parameter_names():
        return "parameter", current
    meant = [code.upper() for code in countries.meant(name)]
    if len(meant) == 1 and meant[0] in ALLIES:
        return "actor", meant[0]
    hints = [
        f"nearest {kind}: {hint.removeprefix(' (nearest: ').removesuffix(')')}"
        for kind, names in (("actor", actors), ("issue", ISSUES), ("parameter", (*PARAMETERS, *parameter_names())))
        if (hint := nearest(name, names))
    ]
    hint = replaced(name) or (f" ({'; '.join(hints)})" if hints else "")
    called = shown(name) if name.isascii() else ascii(name)
    raise InputError(
        f"no actor, parameter or issue is called {called}{hint}; allowed: an ally by code or name, {ALLIES[0]}, "
        f"{LEADER}, {INSTITUTIONS}, a parameter of docs/parameters.md, an issue ({', '.join(ISSUES)})"
    )


def _of_parameter(name: str, era: str | None) -> Evidence:
    numbers, sources = parameter_numbers(name, era), parameter_sources(name)
    notes = () if "parameters" in behaviour() else (_NO_BEHAVIOUR,)
    words = " ".join(parameter_words(name, numbers, sources))
    return Evidence(name, "parameter", era, (words,), tuple(numbers), tuple(sources), notes)


_NO_BEHAVIOUR = "There is no report on the fit to the record yet (report/behaviour.json)."


def _of_issue(name: str, era: str) -> Evidence:
    numbers, sources = issue_numbers(name, era), issue_sources(name, era)
    words = " ".join(issue_words(name, era, numbers, sources))
    notes = ("How much each statement pulls the curve is not reported.",)
    return Evidence(name, "issue", era, (words,), tuple(numbers), tuple(sources), notes)


def _of_actor(name: str, chosen: str) -> Evidence:
    principals = _principals(name, chosen)
    if wrong := [each for each in principals if each not in ACTORS[chosen]]:
        raise InputError(
            f"actor: {shown(wrong[0])} is not measured in {chosen}; allowed there: {', '.join(ACTORS[chosen])}; "
            f"eras of all: {', '.join(ERAS)}"
        )
    words: list[str] = []
    numbers: list[Number] = []
    sources: dict[str, Source] = {}
    for actor in principals:
        own, rows = actor_numbers(actor, chosen), actor_sources(actor, chosen)
        rows += [row for number in own for row in pulled_by_record(number.name, "actors")]
        words.append(" ".join(actor_words(actor, chosen, own, rows)))
        numbers += [_owned(each, actor) for each in own] if len(principals) > 1 else own
        for row in rows:
            sources[row.id] = _joined(sources[row.id], row) if row.id in sources else row
    found = tuple(sources.values())
    return Evidence(name, "actor", chosen, tuple(words), tuple(numbers), found, _notes())


def _joined(first: Source, second: Source) -> Source:
    """Return a row with the pulls of both: an item of the record can pull several numbers."""
    return replace(first, pulls={**first.pulls, **second.pulls}, counts=first.counts or second.counts)


def _owned(number: Number, actor: str) -> Number:
    """Return a number whose label says which principal it is of."""
    labels = {"perceived threat": "threat", "southern orientation": "south"}
    short = labels.get(number.label, number.label.removeprefix("position: "))
    return replace(number, label=f"{'president' if actor == LEADER else 'institutions'}: {short}")


def _notes() -> tuple[str, ...]:
    """Return what is missing behind an actor."""
    missing = "There is no report on the pull of rows (report/measurement.json)."
    notes = [missing] * ("pulls" not in measurement()) + [_NO_BEHAVIOUR] * ("actors" not in behaviour())
    if stands_in("posterior") != "posterior":
        notes.append("posterior/rows.parquet is missing or of other tables: what was measured stands in for it.")
    return tuple(notes)
