import pytest

from alliance_sim.registry.conditions import Condition, parse_condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("assertiveness > 0.6", Condition("assertiveness", ">", 0.6)),
        (" cohesion<=.5 ", Condition("cohesion", "<=", 0.5)),
        ("threat_gap >= -1e-2", Condition("threat_gap", ">=", -0.01)),
    ],
)
def test_condition_is_read_and_written(text: str, expected: Condition) -> None:
    assert parse_condition(text) == expected
    assert parse_condition(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "assertiveness",
        "0.6 < assertiveness",
        "cohesion > 0.5 and 1",
        "cohesion = 1",
        "print() > 1",
        "a > nan",
    ],
)
def test_texts_that_are_no_conditions_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a condition"):
        parse_condition(text)


def test_condition_on_an_unknown_outcome_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="nearest: assertiveness"):
        parse_condition("assertivness > 1")
