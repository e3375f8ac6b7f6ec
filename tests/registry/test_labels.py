"""Plain labels for readers."""

import pytest

from alliance_sim.registry import labels
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS, FORUMS, RULES
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.outcomes import OUTCOMES


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (labels.ALLY_NAMES, ALLIES),
        (labels.OUTCOME_LABELS, OUTCOMES),
        (labels.OUTCOME_GROUPS, OUTCOMES),
        (labels.ISSUE_LABELS, ISSUES),
        (labels.FORUM_NAMES, FORUMS),
        (labels.DECISION_LABELS, DECISIONS),
        (labels.RULE_LABELS, RULES),
    ],
)
def test_each_name_has_a_label_and_no_label_is_left_over(found, names):
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize("found", [labels.OUTCOME_LABELS, labels.ISSUE_LABELS, labels.DECISION_LABELS])
def test_labels_are_distinct_and_free_of_identifiers(found):
    assert len(set(found.values())) == len(found)
    assert not [label for label in found.values() if "_" in label]
