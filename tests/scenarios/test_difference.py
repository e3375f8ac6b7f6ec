import pytest

from alliance_sim.scenarios import Scenario, input_differences, load_scenario, load_text

HEAD = "name: {name}\ntitle: {name}\ndescription: d\nera: 2025\nstart: 2025-06\nmonths: 12\nsources: [s]\n"
BASE = """
parameters: {threat_reversion: 0.1, tolerated_move: {uniform: [0.02, 0.05]}, susceptibility.HUN: 0.2}
events:
  - {month: 2025-09, type: bilateral_summit, conciliation: 0.5, openness: 0.1, source: s}
  - {month: 2025-10, type: guarantee_statement, about: [ESP, ITA], severity: 0.4, source: s}
  - {month: 2025-11, type: escalation, size: 0.1, id: raid, source: s}
meetings:
  - month: 2025-12
    forum: nac
    title: t
    source: s
    agenda:
      - {issue: sanctions, proposed: 0.6, reversion: 0.0, divisible: false, text: t, source: s}
      - {issue: open_door, proposed: 0.55, reversion: 0.45, text: t, source: s}
"""


def written(body: str, name: str = "base", head: str = HEAD) -> Scenario:
    return load_text(head.format(name=name) + body)


def differences(body: str, head: str = HEAD) -> list[str]:
    return [str(line) for line in input_differences(written(BASE), written(body, "other", head))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("threat_reversion: 0.1", "threat_reversion: 0.2", ["~ parameter threat_reversion 0.1 → 0.2"]),
        ("threat_reversion: 0.1", "threat_reversion: 0.1000001", ["~ parameter threat_reversion 0.1 → 0.1000001"]),
        ("threat_reversion: 0.1, ", "", ["- parameter threat_reversion 0.1"]),
        ("threat_reversion: 0.1", "threat_reversion: 0.1, company_move: 0.06", ["+ parameter company_move 0.06"]),
        ("{uniform: [0.02, 0.05]}", "0.03", ["~ parameter tolerated_move uniform 0.02 0.05 → 0.03"]),
        ("openness: 0.1", "openness: 1.0", ["~ 2025-09 bilateral_summit openness 0.1 → 1"]),
        ("openness: 0.1", "openness: 0.1, follow_up: 4", ["~ 2025-09 bilateral_summit follow_up not given → 4"]),
        ("openness: 0.1", "openness: 0.1, process: true", ["~ 2025-09 bilateral_summit process false → true"]),
        (
            "severity: 0.4",
            "severity: 0.5, probability: 0.3, when: demands > 0.2",
            [
                "~ 2025-10 guarantee_statement probability 1 → 0.3, severity 0.4 → 0.5, "
                "when not given → demands > 0.2"
            ],
        ),
        (
            "about: [ESP, ITA]",
            "about: ESP",
            [
                "- 2025-10 guarantee_statement about ESP ITA, severity 0.4",
                "+ 2025-10 guarantee_statement about ESP, severity 0.4",
            ],
        ),
        ("month: 2025-11", "month: 2026-01", ["~ 2025-11 escalation month 2025-11 → 2026-01"]),
        ("type: escalation", "type: ceasefire", ["- 2025-11 escalation size 0.1", "+ 2025-11 ceasefire size 0.1"]),
        ("forum: nac", "forum: nac\n    sessions: 1", ["~ 2025-12 nac meeting: sessions 3 → 1"]),
        ("proposed: 0.55", "proposed: 0.5", ["~ 2025-12 nac meeting: open_door, proposed 0.55 → 0.5"]),
        ("issue: open_door", "issue: southern_flank",
         ["- 2025-12 nac meeting: open_door 0.45→0.55", "+ 2025-12 nac meeting: southern_flank 0.45→0.55"]),
        ("forum: nac", "forum: g7",
         ["- 2025-12 nac meeting: sanctions 0→0.6, open_door 0.45→0.55",
          "+ 2025-12 g7 meeting: sanctions 0→0.6, open_door 0.45→0.55"]),
        ("proposed: 0.55", "ask: [2, 3]",
         ["~ 2025-12 nac meeting: open_door, "
          "proposed 0.55 → not given, ask not given → 2 3, direction not given → more"]),
        ("{issue: open_door, proposed: 0.55", "{issue: southern_flank, ask: 2, direction: less",
         ["- 2025-12 nac meeting: open_door 0.45→0.55", "+ 2025-12 nac meeting: southern_flank 0.45 ask -2"]),
        ("divisible: false", "divisible: false, sponsors: [POL, EST]",
         ["~ 2025-12 nac meeting: sanctions, sponsors none → POL EST"]),
        ("severity: 0.4", "severity: 0.4, during: 3", ["~ 2025-10 guarantee_statement during 1 → 3"]),
        ("id: raid", "id: other, probability: 0.2, during: 3, when: demands > 0.2",
         ["- 2025-11 escalation size 0.1",
          "+ 2025-11 escalation size 0.1; with probability 0.2 in each of 3 months; when demands > 0.2"]),
        ("id: raid", "id: other, during: 3",
         ["- 2025-11 escalation size 0.1", "+ 2025-11 escalation size 0.1; with probability 1 in each of 3 months"]),
        ("parameters:", "tabled_again: true\nparameters:", ["~ tabled_again false → true"]),
        ("parameters:", "tabled_again: false\nparameters:", []),
        ("title: t", "title: other", []),
        ("text: t, source: s}\n      - {issue: open_door", "text: x, source: y}\n      - {issue: open_door", []),
    ],
)  # fmt: skip
def test_each_difference_is_one_line(old: str, new: str, expected: list[str]) -> None:
    assert BASE.count(old) == 1
    assert sorted(differences(BASE.replace(old, new))) == sorted(expected)


def test_scenario_has_no_difference_from_itself_or_its_namesake() -> None:
    assert differences(BASE) == []
    assert input_differences(load_scenario("baseline_2025"), load_scenario("baseline_2025")) == ()


def test_order_of_an_agenda_counts_and_order_of_events_does_not() -> None:
    swapped = BASE.splitlines()
    summit, agenda = 3, len(swapped) - 2
    swapped[summit], swapped[summit + 1] = swapped[summit + 1], swapped[summit]
    assert differences("\n".join(swapped)) == []
    swapped[agenda], swapped[agenda + 1] = swapped[agenda + 1], swapped[agenda]
    assert differences("\n".join(swapped)) == ["~ 2025-12 nac meeting: taken in the order open_door, sanctions"]


def test_length_and_era_come_first_and_time_order_follows() -> None:
    head = HEAD.replace("months: 12", "months: 13").replace("era: 2025", "era: 2018")
    found = differences(
        BASE.replace("threat_reversion: 0.1", "threat_reversion: 0.2").replace("size: 0.1", "size: 0.2"), head
    )
    assert found == [
        "~ era 2025 → 2018, months 12 → 13",
        "~ parameter threat_reversion 0.1 → 0.2",
        "~ 2025-11 escalation size 0.1 → 0.2",
    ]


def test_another_calibration_is_a_difference() -> None:
    base = load_scenario("baseline_2025")
    (line,) = input_differences(base, base.with_calibration("prior"))
    assert str(line) == "~ calibration posterior → prior"


def test_reset_differs_from_its_baseline_by_its_events() -> None:
    reset = load_scenario("us_russia_reset_2025")
    found = input_differences(load_scenario("baseline_2025"), reset)
    assert [str(line).split()[:3] for line in found] == [["+", event.month, event.type] for event in reset.events]
    assert str(found[1]) == "+ 2025-09 bilateral_summit conciliation 0.5, openness 0.1, process true"
    back = input_differences(reset, load_scenario("baseline_2025"))
    assert [line.text for line in back] == [line.text for line in found] and {line.sign for line in back} == {"-"}
