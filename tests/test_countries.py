"""Codes of other systems and names of countries: a hint names the country that was meant, or none."""

import csv
from pathlib import Path

import pytest

import alliance_sim.countries
from alliance_sim.countries import meant, spelled
from alliance_sim.data import table
from alliance_sim.errors import InputError, nearest
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.parameter_names import resolve
from alliance_sim.scenarios import load_text

ACTORS = (*ALLIES, "RUS", "UKR")
#: Of each actor: ISO 3166-1 (two letters), Eurostat, the International Olympic Committee, Correlates of War, and names.
#: Recalled, and written apart from the table of the package.
CODES = """
USA US US USA USA | United States | United States of America | the United States
CAN CA CA CAN CAN | Canada
ISL IS IS ISL ICE | Iceland
GBR GB UK GBR UKG | United Kingdom | the United Kingdom | Great Britain | Britain
NOR NO NO NOR NOR | Norway
SWE SE SE SWE SWD | Sweden
FIN FI FI FIN FIN | Finland
DNK DK DK DEN DEN | Denmark
EST EE EE EST EST | Estonia
LVA LV LV LAT LAT | Latvia
LTU LT LT LTU LIT | Lithuania
NLD NL NL NED NTH | Netherlands | The Netherlands | the Netherlands
BEL BE BE BEL BEL | Belgium
LUX LU LU LUX LUX | Luxembourg
DEU DE DE GER GMY | Germany | Federal Republic of Germany
FRA FR FR FRA FRN | France
ITA IT IT ITA ITA | Italy
ESP ES ES ESP SPN | Spain
PRT PT PT POR POR | Portugal
POL PL PL POL POL | Poland
CZE CZ CZ CZE CZR | Czechia | Czech Republic | the Czech Republic
SVK SK SK SVK SLO | Slovakia | Slovak Republic
HUN HU HU HUN HUN | Hungary
SVN SI SI SLO SLV | Slovenia
HRV HR HR CRO CRO | Croatia
ROU RO RO ROU ROM | Romania
BGR BG BG BUL BUL | Bulgaria
MNE ME ME MNE MNG | Montenegro
ALB AL AL ALB ALB | Albania
MKD MK MK MKD MAC | North Macedonia | Macedonia
GRC GR EL GRE GRC | Greece
TUR TR TR TUR TUR | Türkiye | Turkiye | TÜRKIYE | Turkey
RUS RU RU RUS RUS | Russia | Russian Federation
UKR UA UA UKR UKR | Ukraine
"""
#: Codes that mean a country outside the alliance in another of the systems.
OTHERS = {"SLV": "El Salvador", "MNG": "Mongolia", "MAC": "Macao"}


def cases() -> list[tuple[str, str]]:
    """Return every code and name with the actor it means."""
    found = []
    for line in CODES.strip().splitlines():
        codes, *names = line.split(" | ")
        iso3, *others = codes.split()
        found += [(text, iso3) for text in dict.fromkeys((*others, *names)) if text != iso3]
    return found


def test_every_actor_is_in_the_list_of_this_test() -> None:
    assert [line.split()[0] for line in CODES.strip().splitlines()] == list(ACTORS)


@pytest.mark.parametrize(("text", "iso3"), cases())
def test_a_hint_names_the_actor_that_a_code_or_name_means(text: str, iso3: str) -> None:
    expected = {"SLO": "SVK, SVN"}.get(text, "" if text in OTHERS else iso3)
    for spelling in (text, text.lower(), text.upper()):
        assert nearest(spelling, ACTORS) == (f" (nearest: {expected})" if expected else ""), spelling


@pytest.mark.parametrize("iso3", ACTORS)
def test_names_in_the_table_of_actors_are_known(iso3: str) -> None:
    (name,) = [row["name"] for row in table("facts/actors") if row["iso3"] == iso3]
    assert meant(name) == {iso3.lower()}


def every_text() -> dict[str, set[str]]:
    """Return each code and name of the table, in lower case, with the countries that it means."""
    found: dict[str, set[str]] = {}
    path = Path(alliance_sim.countries.__file__).with_suffix(".csv")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for text in filter(None, ";".join(row.values()).split(";")):
                found.setdefault(text.lower(), set()).add(row["iso3"])
    return found


def test_no_code_or_name_of_any_country_gives_a_hint_at_another() -> None:
    wrong = {}
    for text, countries in every_text().items():
        hint = nearest(text, ACTORS).removeprefix(" (nearest: ").removesuffix(")")
        hinted = set(filter(None, hint.split(", ")))
        if hinted != (countries if countries <= set(ACTORS) else set()):
            wrong[text] = hint
    assert wrong == {} and len(every_text()) > 900


@pytest.mark.parametrize("text", ["Irland", "Israil", "Belarrus", "Austrai", "ISX", "Georgja"])
def test_a_misspelling_of_another_country_gives_no_hint(text: str) -> None:
    assert nearest(text, ACTORS) == ""


@pytest.mark.parametrize(
    ("text", "iso3"), [("Germny", "DEU"), ("Polnad", "POL"), ("Turkye", "TUR"), ("GRB", "GBR"), ("HUM", "HUN")]
)
def test_a_misspelling_of_an_actor_gives_a_hint(text: str, iso3: str) -> None:
    assert nearest(text, ACTORS) == f" (nearest: {iso3})"


def test_a_country_that_is_not_allowed_is_not_hinted_at() -> None:
    assert [nearest(text, ALLIES[1:]) for text in ("US", "USA", "RU", "Ukraine")] == ["", "", "", ""]


def test_hints_are_given_wherever_an_ally_is_named() -> None:
    with pytest.raises(InputError, match=r"'susceptibility\.EL' \(nearest: susceptibility\.GRC\)"):
        resolve("susceptibility.EL")
    with pytest.raises(InputError, match=r"nearest: position\.sanctions\.DEU\)"):
        resolve("position.sanctions.Germany")
    with pytest.raises(InputError, match=r"'DEN' is not the code of an ally other than USA \(nearest: DNK\)"):
        load_text(
            "{name: mine, extends: baseline_2025, events: "
            "[{month: 1, type: guarantee_statement, about: DEN, source: hypothetical}]}"
        )


def test_texts_that_can_be_misspelled_mean_the_country_that_they_name() -> None:
    assert {text: iso3 for text, iso3 in spelled().items() if iso3 not in meant(text)} == {}


def test_a_name_between_two_countries_gives_no_hint() -> None:
    assert nearest("Slovania", ALLIES) == ""  # one letter from Slovakia and from Slovenia
    assert nearest("Slovenie", ALLIES) == " (nearest: SVN)"
