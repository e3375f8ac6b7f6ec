"""The reports on both fits, the draws, the documents and the record, as evidence needs them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from alliance_sim.calibration.acts import ACTS
from alliance_sim.calibration.posterior import table_of
from alliance_sim.data import data_folder, find_row, table
from alliance_sim.errors import InputError
from alliance_sim.estimation.evidence.parts import ACT, LEAST_RELIABLE_K, Source
from alliance_sim.estimation.report import behaviour_path, read_report
from alliance_sim.registry.distributions import Calibration

__all__ = ["behaviour", "column", "documents", "measurement", "power_note", "pulled_by_record", "stands_in"]

#: Length of a text in a sentence.
_SHORT = 60


def measurement() -> Mapping[str, Any]:
    """Return the report on the measurement model; without parts if it is missing.

    Examples
    --------
    >>> "pulls" in measurement()
    True
    """
    return read_report(data_folder("calibration") / "report" / "measurement.json")


def behaviour() -> Mapping[str, Any]:
    """Return the report on the fit of behaviour; without parts if it is missing.

    Examples
    --------
    >>> isinstance(behaviour(), dict)
    True
    """
    return read_report(behaviour_path())


@cache
def documents() -> Mapping[str, Mapping[str, str]]:
    """Return label and a line about each document, by the name of its file, and about acts.

    Examples
    --------
    >>> [each["label"] for each in documents().values()]
    ['A', 'B', 'act']
    """
    text = (data_folder("calibration") / "documents.yaml").read_text(encoding="utf-8")
    found = {}
    for each in yaml.safe_load(text):
        title = f"{each['author']}, {each['title']}, {each['date']}" if each["title"] else ""
        line = f"{each['label']}: {title or each['publisher'] + ', ' + each['date'] + ' (without a title)'}"
        found[each["document"]] = {"label": each["label"], "line": line}
    found[ACTS] = {"label": ACT, "line": f"{ACT}: of governments, with its source, in calibration/facts/conduct.csv"}
    return found


def column(calibration: Calibration, name: str) -> NDArray[np.float64] | None:
    """Return a column of the joint draws; None if there is none.

    Examples
    --------
    >>> column("posterior", "pledge").shape, column("prior", "pledge")
    ((1000,), None)
    """
    rows = table_of(stands_in(calibration))
    return rows.values[:, rows.names.index(name)] if name in rows.names else None


@cache
def stands_in(calibration: Calibration) -> Calibration:
    """Return the calibration whose draws are read: what was measured where there are no draws of the posterior yet.

    After an addition to the tables actors are measured first, and the fit of behaviour takes long.

    Examples
    --------
    >>> stands_in("prior")
    'prior'
    """
    try:
        table_of(calibration)
    except InputError:
        return "prior"
    return calibration


def power_note() -> tuple[str, ...]:
    """Return a sentence on how far the fit of behaviour can be trusted, if it calls for one.

    Examples
    --------
    >>> all(isinstance(sentence, str) for sentence in power_note())
    True
    """
    fit = behaviour().get("fit", {})
    found = []
    if fit.get("power", 1.0) < 1.0:
        found.append(f"The record counts with power {fit['power']:g} only (a tempered posterior).")
    if fit.get("pareto_k", 0.0) > LEAST_RELIABLE_K:
        found.append(f"The draws do not represent the real model well (Pareto k {fit['pareto_k']:.2f}, above .7).")
    return tuple(found)


def pulled_by_record(name: str, part: str) -> list[Source]:
    """Return items of the record and allies' spending that pull a parameter or an actor's number.

    Parameters
    ----------
    name : str
    part : str
        ``parameters`` or ``actors``: where the report on the fit of behaviour has it.

    Examples
    --------
    >>> pulled_by_record("no such number", "parameters")
    []
    """
    report = behaviour()
    left_out = report.get("left_out_items", {})
    pulls = report.get(part, {}).get(name, {}).get("pulls", {})
    found = []
    for ident, pull in pulls.items():
        about = described(ident)
        k = left_out.get(ident, {}).get("k")
        found.append(Source(ident, *about, pulls={name: float(pull)}, k=None if k is None else float(k)))
    return sorted(found, key=lambda each: -abs(each.pulls[name]))


def described(ident: str) -> tuple[str, str, str, str]:
    """Return kind, what it is about, its value and its text, of an item of the record or of an ally's spending."""
    kind, _, ally = ident.partition(".")
    if kind == "spending" and ally:
        return "spending", "", "", f"defence spending of {country(ally)}"
    rows = [row for row in table("consensus_record") if row["id"] == ident]
    if not rows:
        return "record", "", "", "an item of the record"
    row = rows[0]
    about = f"{row['month']} {row['forum']}, {words(row['issue'])}"
    return "record", about, row["outcome"], row["decision"]


def country(ally: str) -> str:
    """Return the name of an ally, or its code if it has none."""
    try:
        return find_row("facts/actors", iso3=ally)["name"]
    except InputError:
        return ally


def words(name: str) -> str:
    """Return a name in words."""
    return name.replace("_", " ")


def shortened(text: str, most: int = _SHORT) -> str:
    """Return a text on one line of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 3].rstrip(' ,;:')}..."
