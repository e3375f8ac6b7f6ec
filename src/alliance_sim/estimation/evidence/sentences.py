"""What can be said of an actor in sentences, from its numbers and the rows behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alliance_sim.calibration.posterior import INSTITUTIONS, LEADER
from alliance_sim.data import find_row, table
from alliance_sim.estimation.evidence.actors import called, departures, threat_name
from alliance_sim.estimation.evidence.parts import ACT, LEAST_RELIABLE_K, Number, Source, Summary, figure, share
from alliance_sim.estimation.evidence.reports import behaviour, column, country, power_note, pulled_by_record
from alliance_sim.estimation.report import LEAST_SHRINKAGE
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.issues import ISSUE_TABLE, ISSUES
from alliance_sim.wording import counted

__all__ = ["actor_words", "from_below"]

#: Ranks from either end that are worth saying.
_NEAR_END = 5
#: A pull that is worth a sentence.
_NOTICEABLE = 0.01


def from_below(actor: str, era: str) -> tuple[int, int]:
    """Return the rank of an actor's mean perceived threat among the allies but the United States, and their number.

    Principals of the United States are ranked as if they were one more.

    Examples
    --------
    >>> from_below("HUN", "2025")[1]
    31
    """
    era_of_allies = era if era in ERAS else ERAS[-1]
    others = [_mean(threat_name(ally, era_of_allies)) for ally in ALLIES[1:] if ally != actor]
    own = _mean(threat_name(actor, era))
    return 1 + sum(each < own for each in others), len(ALLIES) - 1


def _mean(name: str) -> float:
    values = column("posterior", name)
    assert values is not None  # every table has it
    return float(values.mean())


def actor_words(actor: str, era: str, numbers: Sequence[Number], sources: Sequence[Source]) -> list[str]:
    """Return what can be said of an actor.

    Examples
    --------
    >>> from alliance_sim.estimation.evidence.actors import actor_numbers, actor_sources
    >>> words = actor_words("HUN", "2025", actor_numbers("HUN", "2025"), actor_sources("HUN", "2025"))
    >>> words[0].startswith("Hungary sees a threat of ")
    True
    """
    threat, south = numbers[0], numbers[1]
    verb = "see" if actor == INSTITUTIONS else "sees"
    assert threat.posterior is not None
    said = [f"{called(actor, era)} {verb} a threat of {threat.posterior.as_shares}, {_place(actor, era)}."]
    said += _largest(threat, sources)
    said += _before(threat)
    said += _exposed(sources)
    said += _said(actor, sources)
    said += _departs(departures(actor, era), sources)
    if (1.0 if south.narrowed is None else south.narrowed) < LEAST_SHRINKAGE and south.posterior is not None:
        said.append(
            f"Southern orientation, {share(south.posterior.mean)}, is judgement: no evidence narrows its prior."
        )
    return [*said, *(power_note() if "actors" in behaviour() else ())]


def _place(actor: str, era: str) -> str:
    rank, number = from_below(actor, era)
    if actor in (LEADER, INSTITUTIONS):
        below = rank - 1
        if below in (0, number):
            return f"{'lower' if below == 0 else 'higher'} than all {number} allies"
        return f"higher than {below} of {number} allies"
    if rank in (1, number):
        return f"the {'lowest' if rank == 1 else 'highest'} of the {number} allies"
    if rank <= _NEAR_END:
        return f"among the lowest of the allies (rank {rank} of {number})"
    if rank > number - _NEAR_END:
        return f"among the highest of the allies (rank {number + 1 - rank} of {number} from above)"
    return f"rank {rank} of {number} allies from below"


def _what(source: Source) -> str:
    """Return a row as a sentence names it."""
    kind, _, rest = source.id.partition(".")
    actor, _, era = rest.rpartition(".")
    if source.kind == "statement":
        if source.document == ACT:
            return f"act {source.id} of {source.paragraph}"
        return f"statement {source.id} (document {source.document}, paragraph {source.paragraph})"
    if kind == "lean":
        government = (
            find_row("coding/lean_sheet", actor=actor, era=era)["government"].replace(",", ";").partition(";")[0]
        )
        return f"the leaning coded for {government} in {era} ({source.value})"
    names = {"aid": "aid to Ukraine", "opinion": "opinion survey", "expulsions": "expulsions"}
    owner = "the United States" if actor == INSTITUTIONS else country(actor)
    return f"the {names[kind]} of {owner} ({source.value.partition(' (')[0]})"


def _largest(threat: Number, sources: Sequence[Source]) -> Iterator[str]:
    """Say what the row of largest known pull does, and which rows nobody can tell."""
    assert threat.measured is not None
    pulls = {each.id: each.pull(threat.name) or 0.0 for each in sources if each.known(threat.name)}
    largest = max(pulls, key=lambda row: abs(pulls[row]), default=None)
    if largest is not None and abs(pulls[largest]) >= _NOTICEABLE:
        most = next(each for each in sources if each.id == largest)
        refit = ", by a refit" if threat.name in most.refit else ""
        yield f"Without {_what(most)} it would be {share(threat.measured.mean - pulls[largest])}{refit}."
    unclear = [
        each for each in sources if not each.known(threat.name) and abs(each.pulls.get(threat.name, 0.0)) >= _NOTICEABLE
    ]
    if unclear:
        first = unclear[0]
        more = f" The same holds for {counted(len(unclear) - 1, 'other row')}." if len(unclear) > 1 else ""
        yield (
            f"Importance sampling cannot tell how much {_what(first)} pulls: it says "
            f"{figure(first.pulls[threat.name], sign=True)}, with k = {figure(first.k or 0.0)}, above "
            f"{LEAST_RELIABLE_K:g}, and there is no refit yet.{more}".replace("above 0.", "above .")
        )
    if largest is not None and abs(pulls[largest]) < _NOTICEABLE:
        yield f"No row whose pull is known moves it by more than {figure(abs(pulls[largest]))}."


def _before(threat: Number) -> Iterator[str]:
    measured, posterior = threat.measured, threat.posterior
    assert measured is not None and posterior is not None
    if threat.prior is not None and threat.prior.sd > 0.0:
        narrowed = 1.0 - measured.sd / threat.prior.sd
        yield f"Before any evidence it was {threat.prior.as_shares}."
        yield f"Documents, acts, leanings and figures narrow that by {100.0 * narrowed:.0f} %."
    if abs(posterior.mean - measured.mean) >= _NOTICEABLE:
        way = "raises" if posterior.mean > measured.mean else "lowers"
        yield f"The record {way} it from {share(measured.mean)}."
    of_record = pulled_by_record(threat.name, "actors")
    if of_record and of_record[0].known(threat.name):
        first = of_record[0]
        what = f"the {first.text}" if first.kind == "spending" else f"{first.id} ({first.about}: {first.value})"
        yield f"Of the record, {what} pulls most: {figure(first.pulls[threat.name], sign=True)}."


def _exposed(sources: Sequence[Source]) -> Iterator[str]:
    for each in sources:
        if each.kind == "cause":
            yield f"Exposure to Russia, {share(float(each.value))} of 1, counts as a cause of it."


def _said(actor: str, sources: Sequence[Source]) -> Iterator[str]:
    """Say whether the documents name the actor, and how many acts of its own count."""
    spoken = [each for each in sources if each.document not in ("", ACT) and each.counts]
    named = [each for each in spoken if actor in each.about.partition(":")[0].split(";")]
    groups = {each["group"] for each in table("facts/groupings") if each["iso3"] == actor}
    of_groups = [each for each in spoken if groups & set(each.about.partition(":")[0].split(";"))]
    whom = {LEADER: "the president", INSTITUTIONS: "these institutions"}.get(actor, "it")
    if named:
        more = f"; {len(of_groups)} more speak of groups it belongs to" if of_groups else ""
        yield f"The documents name {whom} in {counted(len(named), 'statement')}{more}."
    else:
        yield f"No document names {whom}; {counted(len(of_groups), 'statement')} about groups count for it."
    whose = {LEADER: "the president's", INSTITUTIONS: "these institutions'"}.get(actor, "its own")
    acts = [each for each in sources if each.document == ACT and actor in each.about.partition(":")[0].split(";")]
    if acts:
        yield f"Of {whose} acts {len(acts)} {'counts' if len(acts) == 1 else 'count'}."


def _departs(found: dict[str, Summary], sources: Sequence[Source]) -> Iterator[str]:
    """Say where a document sets the actor apart from what its traits would make of it."""
    clear = {issue: each for issue, each in found.items() if each.low > 0.0 or each.high < 0.0}
    for issue, each in sorted(clear.items(), key=lambda pair: -abs(pair[1].mean))[:2]:
        which = [s.id for s in sources if s.kind == "statement" and s.about.endswith(issue.replace("_", " "))]
        cited = f" ({', '.join(which[:3])})" if which else ""
        description = ISSUE_TABLE[ISSUES.index(issue)].description.partition(";")[0]
        way = "below" if each.mean < 0.0 else "above"
        yield f"On {description} it stands {share(abs(each.mean))} {way} what its traits would make of it{cited}."
