"""The scores that the package holds are those of the page of the docs."""

import json
from collections.abc import Iterator

import pytest
from validation_page import as_text, points, scores

from alliance_sim.validation.published import PUBLISHED, published
from pages import DOCS

PAGE = (DOCS / "validation.md").read_text(encoding="utf-8")


def test_published_scores_are_on_the_page() -> None:
    content = published()
    hindcast = content["hindcast"]
    classes = [row for row in hindcast["scores"] if row["target"] == "class" and row["cases"] == "2020 to 2025"]
    assert len(classes) == 8
    for row in classes:
        assert f"| {row['model']} | {row['n']} | {row['rps']:.3f} | {row['log']:.3f} | {row['brier']:.3f} |" in PAGE
    for each in hindcast["skill"]:
        interval = f"{each['difference']:+.3f} | {each['low']:+.3f} to {each['high']:+.3f} |"
        assert f"| {each['score']} | {each['model']} | {each['baseline']} | {interval}" in PAGE
    for claim in content["claims"]["rows"]:
        low, high = claim["interval"]
        assert f"{claim['expected']} | {claim['observed']:.3f} [{low:.3f}, {high:.3f}] | **{claim['holds']}**" in PAGE
    counts = content["claims"]
    assert (
        f"{counts['holds']} of {counts['derived']} hold, {counts['undecided']} undecided, {counts['fails']} failed"
        in PAGE
    )


def test_points_written_by_hand_are_those_of_the_page() -> None:
    assert published()["wrong"] == points(PAGE, "Where the model is wrong")
    assert published()["not_for"] == points(PAGE, "What it must not be used for")


@pytest.mark.full
def test_published_scores_are_up_to_date() -> None:
    kept, found = (
        dict(values(json.loads(text))) for text in (PUBLISHED.read_text(encoding="utf-8"), as_text(scores(PAGE)))
    )
    # The last of six decimals differs between processors.
    assert found == pytest.approx(kept, abs=5e-6), "run: python docs/_build/pages.py validation.md"


def values(content: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield every value in mappings and lists, with where it stands."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from values(value, f"{path}/{key}")
    elif isinstance(content, list):
        for at, value in enumerate(content):
            yield from values(value, f"{path}/{at}")
    else:
        yield path, content
