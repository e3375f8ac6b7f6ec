"""The answers that are shown before the model is compiled are those that the model gives."""

import gzip
import json
from dataclasses import replace

import pytest

from alliance_sim.explorer import stored
from alliance_sim.explorer.request import Request, usual_base
from alliance_sim.explorer.stored import FOLDER, stored_answer
from alliance_sim.explorer.stored.__main__ import computed
from alliance_sim.scenarios import list_scenarios

MAKE = "run: python -m alliance_sim.explorer.stored"


def request(name: str) -> Request:
    return Request(name, usual_base(name))


@pytest.mark.parametrize("name", list_scenarios())
def test_every_bundled_scenario_has_an_answer_that_holds(name: str) -> None:
    found = stored_answer(request(name))
    assert found is not None, MAKE
    view, diagnosis = found
    assert (view.request, view.draws, view.stored) == (request(name), request(name).draws, True)
    assert (diagnosis is None) == (view.item == "")
    if diagnosis:
        assert f"{diagnosis['meeting']}/{diagnosis['issue']}" == view.item


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("baseline_2018", "helsinki_open_2018") else pytest.param(name, marks=pytest.mark.full)
        for name in list_scenarios()
    ],
)
def test_it_is_what_the_model_gives(name: str) -> None:
    kept = gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()).decode()
    assert json.loads(kept) == json.loads(computed(name)), MAKE


def test_another_request_has_none() -> None:
    usual = request("helsinki_2018")
    for fields in ({"seed": 1}, {"draws": 500}, {"base": ""}, {"settings": (("pledge", 0.5),)}, {"scenario": ""}):
        assert stored_answer(replace(usual, **fields)) is None
    assert stored_answer(replace(usual, scenario="", own="name: mine\nextends: helsinki_2018\n")) is None


def test_after_a_change_of_the_model_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "model_hash", lambda: "0" * 16)
    assert stored_answer(request("baseline_2018")) is None
