"""What may happen more than once: events in each of several months, and texts that failed and come up again."""

import math

import numpy as np
import pytest

from alliance_sim.compile import Block, CompiledScenario, compile_scenario
from alliance_sim.compile.events import compile_events
from alliance_sim.core.constants import TABLED_AGAIN
from alliance_sim.core.structures import PENDING, Decision, IssueState, Param
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.scenarios import load_scenario, load_text
from alliance_sim.simulation import branch, first_months, simulate

HEAD = "name: t\ntitle: t\ndescription: d\nera: 2025\nstart: 2025-06\nmonths: %d\nsources: [s]\n"
#: Adds to a parameter that nothing else moves: its value counts how often the event happened.
STEP = 0.001
SHIFT = f"type: shift, name: pledge, by: {STEP}, source: s"
PLEDGE = "parameters: {pledge: 0.4}\n"
DRAWS = 2000


def compiled(events: str, months: int = 12, more: str = PLEDGE) -> CompiledScenario:
    return compile_scenario(load_text(f"{HEAD % months}{more}events:\n{events}", "t"))


def event(month: int, *fields: str) -> str:
    return "- {" + ", ".join((f"month: {month}", SHIFT, *fields)) + "}\n"


def happened(program: CompiledScenario, draws: int = DRAWS) -> np.ndarray:
    """Whether the shift of a draw happened in each month, (draws, months)."""
    block = program.block(1, 0, draws, "final")
    counts = [np.full(draws, 0.4)]
    program.run(block, 1, None, 0)
    for month in range(len(program.months)):
        program.run(block, 1, month, month + 1)
        counts.append(block.inputs.params[:, Param.pledge].copy())
    return np.rint(np.diff(np.array(counts), axis=0) / STEP).T


def same(one: Block, other: Block) -> None:
    for mine, theirs in zip((*one.output, *one.records), (*other.output, *other.records), strict=True):
        np.testing.assert_array_equal(mine, theirs)


# Events


def months_of(text: str, months: int = 12, spin_up: int = 3) -> list[int]:
    """The months in which the one event of a scenario may happen, counted from its start."""
    table = compile_events(load_text(f"{HEAD % months}events:\n{text}", "t"), spin_up)
    assert len(table.start) == spin_up + months + 1 and table.start[0] == 0 and table.start[-1] == len(table.ident)
    assert len(set(table.ident.tolist())) == len(set(table.probability.tolist())) == 1
    assert len(table.first) == len(table.ident) + 1 and table.first[-1] == len(table.kind)
    return np.repeat(np.arange(spin_up + months) - spin_up, np.diff(table.start)).tolist()


@pytest.mark.parametrize(
    ("month", "during", "expected"),
    [(4, 1, [4]), (4, 3, [4, 5, 6]), (0, 12, [*range(12)]), (9, 3, [9, 10, 11]), (9, 200, [9, 10, 11]), (11, 2, [11])],
)
def test_an_event_may_happen_in_each_month_from_its_own_on_to_the_end_of_the_run(month, during, expected):
    assert months_of(event(month, f"during: {during}", "probability: 0.5")) == expected


def test_events_of_a_month_keep_the_order_of_their_names():
    text = event(2, "id: b", "during: 3", "probability: 0.2") + event(3, "id: a", "during: 3", "probability: 0.9")
    table = compile_events(load_text(f"{HEAD % 6}events:\n{text}", "t"), 0)
    assert np.diff(table.start).tolist() == [0, 0, 1, 2, 2, 1]
    np.testing.assert_array_equal(table.probability, [0.2, 0.9, 0.2, 0.9, 0.2, 0.9])


def test_a_certain_event_happens_in_each_of_its_months_and_in_no_other():
    found = happened(compiled(event(3, "during: 5")), 20)
    np.testing.assert_array_equal(found, np.tile([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0], (20, 1)))


def test_chances_of_the_months_are_equal_and_independent():
    p, months = 0.3, 10
    found = happened(compiled(event(2, f"during: {months}", f"probability: {p}")))
    assert (found[:, :2] == 0).all() and set(found.ravel().tolist()) == {0, 1}
    found = found[:, 2:]
    assert found.mean(axis=0) == pytest.approx(np.full(months, p), abs=4.5 * math.sqrt(p * (1 - p) / DRAWS))
    # Independent months: each pair uncorrelated, the number of events binomial, the wait for the first geometric.
    pairs = np.corrcoef(found.T)[np.triu_indices(months, 1)]
    assert np.abs(pairs).max() < 4.5 / math.sqrt(DRAWS)
    count = found.sum(axis=1)
    variance = months * p * (1 - p)
    assert count.var() == pytest.approx(variance, abs=5 * variance * math.sqrt(2 / DRAWS))
    for n in (1, 3, months):
        never = (1 - p) ** n
        share = (found[:, :n] == 0).all(axis=1).mean()
        assert share == pytest.approx(never, abs=4.5 * math.sqrt(never * (1 - never) / DRAWS))


def test_a_longer_time_changes_nothing_in_the_months_before():
    once, long = (happened(compiled(event(3, f"during: {n}", "probability: 0.4")), 300) for n in (1, 4))
    np.testing.assert_array_equal(once[:, :4], long[:, :4])
    longer = happened(compiled(event(3, "during: 9", "probability: 0.4")), 300)
    np.testing.assert_array_equal(longer[:, :7], long[:, :7])
    assert (longer[:, 7:] == 1).any()


def test_a_higher_chance_keeps_what_happened():
    some, more = (happened(compiled(event(1, "during: 8", f"probability: {p}")), 300) for p in (0.2, 0.5))
    assert (more >= some).all() and more.sum() > some.sum() > 0


def test_events_of_other_names_have_chances_of_their_own():
    one, other = (happened(compiled(event(0, "during: 12", "probability: 0.5", f"id: {name}")), 400) for name in "ab")
    differing = (one != other).mean()
    assert differing == pytest.approx(0.5, abs=4.5 * 0.5 / math.sqrt(one.size))


def test_a_condition_is_asked_again_each_month():
    rising = "- {month: 4, type: shift, name: assertiveness, to: 1.0, source: s}\n"
    when = event(2, "during: 6", "when: assertiveness > 0.85")
    program = compiled(rising + when, more="parameters: {pledge: 0.4, assertiveness_speed: 0.0}\n")
    found = happened(program, 50)
    # Russia's assertiveness of 2025 is about 0.6, set to 1 in month 4, which month 5 sees first.
    np.testing.assert_array_equal(found, np.tile([0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0], (50, 1)))


def test_what_goes_on_after_the_end_of_a_shorter_run_leaves_its_months_alone():
    whole = load_text(f"{HEAD % 12}{PLEDGE}events:\n{event(2, 'during: 9', 'probability: 0.5')}", "t")
    full, short = simulate(whole, 60, 1, "trace"), simulate(first_months(whole, 6), 60, 1, "trace")
    np.testing.assert_array_equal(full.output.outcomes[:, :6], short.output.outcomes)


def test_a_branch_within_the_months_of_an_event_goes_on_with_it():
    text = "- {month: 1, type: escalation, size: 0.05, during: 9, probability: 0.5, source: s}\n"
    parent = load_text(f"{HEAD % 12}events:\n{text}", "t")
    whole = simulate(parent, 4, 1, "trace")
    future = branch(parent, "2025-11", None, 4, 1, 3, "trace")["t"]
    for found, own in zip(future.output, whole.output, strict=True):
        np.testing.assert_array_equal(found[3], own[3])
    at = future.months.index("2025-11")
    assert np.ptp(future.data["assertiveness"].values[:, :at], axis=0).max() == 0.0
    assert np.ptp(future.data["assertiveness"].values[:, -1]) > 0.0


# Texts

LATER = (
    "- {month: %d, forum: %s, title: t, source: s, agenda: ["
    "{issue: southern_flank, ask: 1, reversion: 0.4, text: t, source: s}]}\n"
)
#: One ally breaks silence over a text that is always tabled: it is blocked in the first meeting.
STUBBORN = (
    "parameters: {insist: 1.0, dispute_onset: 0.0, blowup_rate: 0.0, company_move: 0.0, patron_move: 0.0,"
    " susceptibility: 0.0, position.open_door.HUN: 0.0, min_salience: 1.0}\n"
)
FIRST = (
    "- {month: 1, forum: nac, title: t, source: s, agenda: ["
    "{issue: open_door, proposed: 0.9, reversion: 0.45, divisible: false, text: t, source: s}]}\n"
)


def with_texts(again: bool, *later: tuple[int, str], first: str = FIRST, events: str = "", months: int = 12) -> Block:
    text = f"{HEAD % months}tabled_again: {str(again).lower()}\n{STUBBORN}{events}meetings:\n{first}"
    program = compile_scenario(load_text(text + "".join(LATER % each for each in later), "t"))
    block = program.block(1, 0, DRAWS, "monthly")
    program.run(block, 1)
    return block


def came_up_again(block: Block) -> np.ndarray:
    """In which draws the first text was taken up a second time."""
    failed = np.isin(block.records.outcome[:, 0], (Decision.BLOCKED, Decision.WITHDRAWN))
    assert failed.mean() > 0.99
    return block.records.settled[failed, 0] != PENDING


NAC = [(month, "nac") for month in range(2, 12)]


@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_a_failed_text_comes_up_again_with_the_same_chance_at_each_later_meeting(n):
    share = 1 - (1 - TABLED_AGAIN) ** n
    found = came_up_again(with_texts(True, *NAC[:n])).mean()
    assert found == pytest.approx(share, abs=4.5 * math.sqrt(share * (1 - share) / DRAWS))


def test_no_text_comes_up_again_unless_the_scenario_says_so():
    assert not came_up_again(with_texts(False, *NAC)).any()


def test_a_text_comes_up_again_in_its_own_forum_only():
    others = [(month, forum) for month, forum in zip(range(2, 8), ["eu_council", "g7", "nato_summit"] * 2, strict=True)]
    assert not came_up_again(with_texts(True, *others)).any()
    assert came_up_again(with_texts(True, *others, NAC[8])).any()


def test_the_first_decision_stays_on_record():
    once, again = with_texts(False, *NAC), with_texts(True, *NAC)
    for field in ("outcome", "share", "tabled", "pivotal", "objection", "voiced"):
        np.testing.assert_array_equal(
            getattr(once.records, field)[:, 0], getattr(again.records, field)[:, 0], err_msg=field
        )


def test_a_text_that_passes_the_second_time_is_done_and_takes_effect():
    willing = "events:\n" + "".join(
        f"- {{month: 3, type: shift, name: position.open_door.{ally}, to: 1.0, source: s}}\n" for ally in ALLIES[1:]
    )
    wide = STUBBORN.replace("{", "{tolerated_move: 0.4, ", 1)
    text = f"{HEAD % 14}tabled_again: true\n{wide}{willing}meetings:\n{FIRST}"
    program = compile_scenario(load_text(text + "".join(LATER % each for each in NAC), "t"))
    block = program.block(1, 0, 500, "monthly")
    program.run(block, 1)
    outcome, settled = block.records.outcome[:, 0], block.records.settled[:, 0]
    failed = np.isin(outcome, (Decision.BLOCKED, Decision.WITHDRAWN))
    passed = failed & (settled == Decision.ADOPTED)
    assert failed.mean() > 0.5 and passed.sum() > 50
    # What was adopted is not taken up again, and what failed again waits for another chance.
    assert (block.states.pending[passed, 0] == 0).all()
    assert (block.states.pending[failed & ~passed, 0] != 0).all()
    target = block.states.issue[:, IssueState.target, ISSUES.index("open_door")]
    assert target[passed] == pytest.approx(0.9) and (target[failed & ~passed] < 0.9).all()


def test_texts_that_pass_do_not_come_up_again():
    small = FIRST.replace("proposed: 0.9", "proposed: 0.4501").replace("divisible: false, ", "")
    easy = STUBBORN.replace("position.open_door.HUN: 0.0, ", "")
    text = f"{HEAD % 12}tabled_again: true\n{easy}meetings:\n{small}"
    program = compile_scenario(load_text(text + "".join(LATER % each for each in NAC), "t"))
    block = program.block(1, 0, 500, "final")
    program.run(block, 1)
    passed = np.isin(block.records.outcome[:, 0], (Decision.ADOPTED, Decision.DILUTED))
    assert passed.mean() > 0.5 and (block.records.settled[passed, 0] == PENDING).all()


def test_a_text_that_was_dropped_for_lack_of_time_does_not_come_up_again():
    easy = "{issue: %s, ask: 1, reversion: 0.3, text: t, source: s}"
    short = (
        "- {month: 1, forum: nac, title: t, source: s, sessions: 1, agenda: ["
        "{issue: open_door, proposed: 0.9, reversion: 0.45, text: t, source: s}, "
        f"{easy % 'southern_flank'}, {easy % 'partner_exercises'}]}}\n"
    )
    block = with_texts(True, *NAC, first=short)
    dropped = (block.records.outcome[:, 0] == Decision.WITHDRAWN) & (block.records.pivotal[:, 0] < 0)
    assert dropped.mean() > 0.9 and (block.records.settled[dropped, 0] == PENDING).all()


def test_a_future_cannot_change_whether_texts_come_up_again():
    with pytest.raises(InputError, match="more differs from baseline_2025 before 2025-10 in tabled_again; allowed"):
        branch("baseline_2025", "2025-10", {"more": {"tabled_again": True}}, 2)


def test_a_child_inherits_and_overrides_whether_texts_come_up_again():
    assert load_scenario("outlook_2025").tabled_again and not load_scenario("baseline_2025").tabled_again
    assert load_text("name: c\nextends: outlook_2025\n", "c").tabled_again
    assert not load_text("name: c\nextends: outlook_2025\ntabled_again: false\n", "c").tabled_again
