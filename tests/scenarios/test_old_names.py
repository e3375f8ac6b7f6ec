"""Old names of keys and parameters, which files may still use."""

import logging
from pathlib import Path

import pytest

from alliance_sim.errors import InputError
from alliance_sim.registry.events import shift
from alliance_sim.scenarios import Scenario, dump, load_scenario, load_text, parameters

HEAD = "name: mine\ntitle: t\ndescription: d\nera: 2025\nstart: 2025-06\nmonths: 12\nsources: [A]\n"
ITEM = "{issue: sanctions, proposed: 0.6, reversion: 0.0, text: t, source: s, %s}"
MEETINGS = "meetings: [{month: %d, forum: nac, title: t, source: s, agenda: [%s]}]\n"


@pytest.fixture
def _renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameter `pledge` was called `old_pledge`."""
    for module in (parameters, shift):
        monkeypatch.setattr(module, "current_name", lambda name: "pledge" if name == "old_pledge" else name)
    monkeypatch.setattr(shift, "symbol_of", lambda name: "old_pledge" if name == "pledge" else name)


def shifted(name: str) -> Scenario:
    return load_text(f"{HEAD}events: [{{month: 1, type: shift, name: {name}, to: 0.3, source: s}}]\n")


@pytest.mark.usefixtures("_renamed")
def test_an_old_name_of_a_parameter_becomes_the_current_one() -> None:
    assert load_text(f"{HEAD}parameters: {{old_pledge: 0.3}}\n").parameters == {"pledge": 0.3}
    assert load_text(HEAD).with_parameters({"old_pledge": 0.4}).parameters == {"pledge": 0.4}
    assert "old_pledge" not in dump(load_text(f"{HEAD}parameters: {{old_pledge: 0.3}}\n"))


@pytest.mark.usefixtures("_renamed")
def test_a_shift_under_an_old_name_has_the_current_name_and_the_same_random_numbers() -> None:
    (old,), (new,) = shifted("old_pledge").events, shifted("pledge").events
    assert old == new
    assert (new.name, new.id) == ("pledge", "shift-2025-07-old_pledge")


@pytest.mark.usefixtures("_renamed")
@pytest.mark.parametrize("names", [("pledge", "old_pledge"), ("old_pledge", "pledge")])
def test_two_names_of_one_parameter_are_refused(names: tuple[str, str]) -> None:
    text = f"{HEAD}parameters:\n  {names[0]}: 0.3\n  {names[1]}: 0.4\n"
    problem = rf"^text:10: parameters\.{names[1]}: is the same parameter as {names[0]}; allowed: one of the two$"
    with pytest.raises(InputError, match=problem):
        load_text(text)


@pytest.mark.usefixtures("_renamed")
@pytest.mark.parametrize("inherited", ["pledge", "old_pledge"])
@pytest.mark.parametrize("own", ["pledge", "old_pledge"])
def test_a_file_overrides_an_inherited_parameter_by_any_of_its_names(inherited: str, own: str, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"{HEAD}parameters: {{{inherited}: 0.3, coercion: 0.2}}\n")
    (tmp_path / "child.yaml").write_text(f"name: child\nextends: ./base.yaml\nparameters: {{{own}: 0.4}}\n")
    base, child = load_scenario(tmp_path / "base.yaml"), load_scenario(tmp_path / "child.yaml")
    assert child.parameters == {"pledge": 0.4, "coercion": 0.2}
    assert base.with_parameters({own: 0.4}).parameters == child.parameters


@pytest.mark.usefixtures("_renamed")
def test_a_message_names_a_parameter_as_the_file_does() -> None:
    with pytest.raises(InputError, match=r"^text:8: parameters\.old_pledge: 3 is out of range"):
        load_text(f"{HEAD}parameters: {{old_pledge: 3}}\n")


def test_the_old_key_of_the_least_share_is_read_with_one_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    items = ", ".join((ITEM % "floor: 0.8", ITEM.replace("sanctions", "open_door") % "floor: 0.7"))
    (tmp_path / "old.yaml").write_text(HEAD + MEETINGS % (1, items))
    with caplog.at_level(logging.WARNING, logger="alliance_sim"):
        for _ in range(2):
            scenario = load_scenario(tmp_path / "old.yaml")
    assert [item.min_share for item in scenario.meetings[0].agenda] == [0.8, 0.7]
    assert caplog.messages == [f"{tmp_path / 'old.yaml'}: 'floor' is now called 'min_share'"]
    assert "floor" not in dump(scenario)


def test_a_message_names_the_least_share_as_the_file_does() -> None:
    for key in ("min_share", "floor"):
        with pytest.raises(InputError, match=rf"meetings\[0\]\.agenda\[0\]\.{key}: 1.5 is out of range"):
            load_text(HEAD + MEETINGS % (1, ITEM % f"{key}: 1.5"))
