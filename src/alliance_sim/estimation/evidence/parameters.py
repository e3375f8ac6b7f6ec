"""The evidence behind a parameter: its prior, what the record made of it, and what pulls it most."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from alliance_sim.errors import InputError, nearest, shown
from alliance_sim.estimation.evidence.parts import Number, Source, Summary, figure, summary, whole
from alliance_sim.estimation.evidence.reports import behaviour, column, country, power_note, pulled_by_record
from alliance_sim.estimation.report import is_informed
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.eras import ERAS
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.registry.parameters import INFORMED

__all__ = ["of_prior", "parameter_numbers", "parameter_sources", "parameter_words"]

#: So many allies are named one by one.
_FEW = 6


def of_prior(prior: Prior) -> Summary:
    """Return mean, standard deviation, 5 % and 95 % quantile of a prior.

    Examples
    --------
    >>> from alliance_sim.registry.distributions import uniform
    >>> str(of_prior(uniform(0.0, 1.0)))
    '.50 (90 % .050 to .95)'
    """
    low, high = prior.low, prior.high
    if prior.kind == "fixed" or low == high:
        return Summary(prior.a, 0.0, prior.a, prior.a)
    match prior.kind:
        case "uniform":
            found = stats.uniform(low, high - low)
        case "triangular":
            found = stats.triang((prior.a - low) / (high - low), low, high - low)
        case "normal":
            found = stats.truncnorm((low - prior.a) / prior.b, (high - prior.a) / prior.b, prior.a, prior.b)
        case _:
            return _of_lognormal(prior)
    return Summary(*map(float, (found.mean(), found.std(), found.ppf(0.05), found.ppf(0.95))))


def _of_lognormal(prior: Prior) -> Summary:
    """Return the summary of a truncated log-normal, by its quantiles."""
    ends = [(math.log(each) - prior.a) / prior.b if each > 0.0 else -math.inf for each in (prior.low, prior.high)]
    of_log = stats.truncnorm(*ends, prior.a, prior.b)
    values = np.exp(of_log.ppf((np.arange(20_000) + 0.5) / 20_000))
    return summary(values)


def parameter_numbers(name: str, era: str | None = None) -> list[Number]:
    """Return the numbers of a parameter: one, one for each ally, or one for each era if its prior differs by era.

    Raises
    ------
    InputError
        If there is no such era.

    Examples
    --------
    >>> [number.name for number in parameter_numbers("pledge")], len(parameter_numbers("susceptibility"))
    (['pledge'], 32)
    """
    if era is not None and era not in ERAS:
        raise InputError(f"era: {shown(era)} is not one of {', '.join(ERAS)}{nearest(era, ERAS)}")
    parameter, ally = resolve(name)
    allies: tuple[str | None, ...] = (ally,) if ally or not parameter.per_ally else ALLIES
    fitted = behaviour().get("parameters", {})
    found = []
    for each in allies:
        own = f"{parameter.name}.{each}" if each else parameter.name
        report, values = fitted.get(own, {}), column("posterior", own)
        posterior = None if values is None else summary(values)
        priors = {key: parameter.prior(key, each) for key in ([era] if era else ERAS)}
        same = len(set(priors.values())) == 1
        for key, prior in list(priors.items())[:1] if same else priors.items():
            label = country(each) if each else parameter.name.replace("_", " ")
            before = whole(report.get("prior")) or of_prior(prior)
            found.append(
                Number(
                    own, label if same else f"{label}, {key}", parameter.unit, before, None, posterior, str(prior),
                    parameter.source, report.get("shrinkage"),
                )
            )  # fmt: skip
    return found


def parameter_sources(name: str) -> list[Source]:
    """Return the items of the record and the spending of allies that pull a parameter most.

    Examples
    --------
    >>> parameter_sources("no parameter")
    []
    """
    return pulled_by_record(name, "parameters")


def parameter_words(name: str, numbers: list[Number], sources: list[Source]) -> list[str]:
    """Return what can be said of a parameter, in sentences.

    Examples
    --------
    >>> numbers = parameter_numbers("pledge")
    >>> parameter_words("pledge", numbers, [])[0].startswith("pledge: ")
    True
    """
    parameter, ally = resolve(name)
    unit = "" if parameter.unit in ("", "share") else f" {parameter.unit}"
    owner = f" of {country(ally)}" if ally else ""
    allowed = f"{parameter.low:g} to {parameter.high:g}{unit}"
    said = [f"{parameter.name}{owner}: {parameter.description}; allowed: {allowed}."]
    if parameter.per_ally and not ally:
        said += _of_allies(numbers)
    elif len(numbers) > 1:
        said.append(
            "Its prior differs by era, so the fit to the record, which runs through all eras, leaves it out: the "
            "number is judgement, drawn from the prior of the era."
        )
    else:
        said += _of_one(parameter.name, numbers[0], sources)
    said.append(f"What the prior rests on: {parameter.source}.")
    said += power_note() if any(each.shrinkage is not None for each in numbers) else ()
    return said


def _informs(number: Number) -> bool:
    """Return whether the record tells something of a number, by the report on the fit."""
    entry = behaviour().get("parameters", {}).get(number.name)
    return entry is not None and is_informed(entry)


def _of_one(parameter: str, number: Number, sources: list[Source]) -> list[str]:
    prior, posterior = number.prior, number.posterior
    assert prior is not None
    if prior.sd == 0.0:
        return [f"It is fixed at {figure(prior.mean)}: nothing is estimated, the number is judgement."]
    if posterior is None:
        return [f"It is drawn from its prior, {prior}, and not estimated: the number is judgement."]
    if number.shrinkage is None:
        likely = "one of the parameters" if parameter in INFORMED else "not among the parameters"
        return [
            f"Runs draw {posterior}; the prior is {prior}.",
            f"How much the record says of it is not reported yet. It is {likely} that the record could inform, "
            "to judge by what they change in the years it covers.",
        ]
    share = f"{100.0 * number.shrinkage:.0f} %"
    moved = posterior.mean - prior.mean
    if not _informs(number):
        return [
            f"The record does not inform it: {posterior} after, {prior} before; the standard deviation shrinks by "
            f"{share}. The number is judgement."
        ]
    where = "leaves its mean" if abs(moved) < 0.1 * prior.sd else f"moves it {'up' if moved > 0.0 else 'down'}"
    return [
        f"It is {posterior}; before the record it was {prior}. The record narrows it by {share} and {where}.",
        *_most(number, sources),
        *_ridges(number.name),
    ]


def _most(number: Number, sources: list[Source]) -> list[str]:
    said = [each for each in sources if each.known(number.name)]
    if not said or number.posterior is None:
        return []
    first = said[0]
    what = f"the {first.text}" if first.kind == "spending" else f"{first.id} ({first.about}: {first.value})"
    return [f"Without {what} it would be {figure(number.posterior.mean - first.pulls[number.name])}."]


def _ridges(name: str) -> list[str]:
    for first, second, correlation in behaviour().get("ridges", ()):
        if name in (first, second):
            other = second if name == first else first
            return [f"The record knows it and {other} jointly better than apart: correlation {figure(correlation)}."]
    return []


def _of_allies(numbers: list[Number]) -> list[str]:
    by_prior: dict[str, list[str]] = {}
    for number in numbers:
        ally = number.name.rpartition(".")[2]
        if ally not in by_prior.setdefault(number.prior_text, []):
            by_prior[number.prior_text].append(ally)
    groups = sorted(by_prior.items(), key=lambda each: len(each[1]))
    parts = [f"{', '.join(allies)} {prior}" for prior, allies in groups if len(allies) <= _FEW]
    parts += [f"{'all others' if parts else 'all'} {prior}" for prior, allies in groups if len(allies) > _FEW]
    said = [f"It has a value for each ally. Priors: {'; '.join(parts)}.".replace(" 0.", " .")]
    known = [number for number in numbers if number.shrinkage is not None]
    if not known:
        if any(number.posterior is not None for number in numbers):
            said.append("How much the record says of each is not reported yet.")
        else:
            said.append("The fit to the record leaves it out: the numbers are judgement.")
        return said
    informed = sorted((each for each in known if _informs(each)), key=lambda each: -(each.shrinkage or 0.0))
    if not informed:
        return [*said, f"The record informs none of the {len(numbers)}: they are judgement."]
    names = ", ".join(f"{each.label} (by {100.0 * (each.shrinkage or 0.0):.0f} %)" for each in informed[:_FEW])
    more = f" and {len(informed) - _FEW} more" if len(informed) > _FEW else ""
    return [*said, f"The record narrows {names}{more}; the others are judgement."]
