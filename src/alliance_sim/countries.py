"""What codes and names of countries mean, for hints: a user's data may have codes of another system.

The table ``countries.csv`` beside this file has the codes of ISO 3166-1 (three and two letters), of Eurostat, of the
International Olympic Committee and of the Correlates of War project (list of states 2016), and English names.
ISO's and most Olympic codes were taken from lists that others keep (pycountry, country_converter); Eurostat's and those
of Correlates of War were recalled and not compared with a published copy.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

__all__ = ["codes", "meant", "spelled"]

_CODES = ("iso3", "iso2", "eurostat", "ioc", "cow")


def meant(text: str) -> frozenset[str]:
    """Return the ISO3 codes, in lower case, of all countries that a code or name stands for in one of the systems.

    Examples
    --------
    >>> from alliance_sim.countries import meant
    >>> [sorted(meant(text)) for text in ("EL", "Turkey", "SLO", "nowhere")]
    [['grc'], ['tur'], ['svk', 'svn'], []]
    """
    return _meanings().get(_plain(text), frozenset())


@cache
def spelled() -> Mapping[str, str]:
    """Return the texts whose misspellings can be recognised, ISO3 codes and names, with the ISO3 code in lower case.

    Examples
    --------
    >>> from alliance_sim.countries import spelled
    >>> spelled()["germany"], spelled()["deu"]
    ('deu', 'deu')
    """
    texts = {_plain(text): row["iso3"].lower() for row in _rows() for text in row["names"].split(";")}
    return texts | {row["iso3"].lower(): row["iso3"].lower() for row in _rows()}


@cache
def codes() -> frozenset[str]:
    """Return the ISO3 codes of all countries, in lower case.

    Examples
    --------
    >>> from alliance_sim.countries import codes
    >>> "deu" in codes(), "eu" in codes()
    (True, False)
    """
    return frozenset(spelled().values())


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _meanings() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in _rows():
        texts = ";".join(row[column] for column in (*_CODES, "names")).split(";")
        for text in filter(None, map(_plain, texts)):
            found.setdefault(text, set()).add(row["iso3"].lower())
    return {text: frozenset(codes) for text, codes in found.items()}


def _plain(text: str) -> str:
    """Return a text in lower case without accents, punctuation and article."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    words = "".join(each for each in letters if each.isalnum() or each.isspace()).split()
    return " ".join(words[words[:1] == ["the"] :])
