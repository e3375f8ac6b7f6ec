"""The file of questions in the docs can be asked, and the numbers given there are those of a run."""

import re

import yaml

import alliance_sim as als
from pages import DOCS

PAGE = (DOCS / "questions.md").read_text(encoding="utf-8")


def test_the_file_in_the_docs_is_answered() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    renewal, poland = als.ask("outlook_2025", yaml.safe_load(text), draws=20).answers
    assert renewal.probability is not None and poland.quantiles is not None and poland.quantiles["p50"] > 3.0


def test_the_counts_in_the_docs_are_those_of_the_sets() -> None:
    sizes = {name: len(als.load_questions(name).questions) for name in als.list_questions()}
    for name, size in sizes.items():
        assert re.search(rf"ask {name} {name} +# {size} questions", PAGE)


def test_the_scores_in_the_docs_are_those_of_a_run() -> None:
    total = als.ask("history_2014_2025", "history_2014_2025", draws=1000, seed=1).summary()
    words = " ".join(PAGE.split())
    brier, base = f"{total['brier']:.3f}", f"{total['brier_base_rate']:.3f}"
    half, most, nearly_all = (total[f"inside_{level}"] for level in (50, 80, 90))
    assert f"the Brier score of its 25 decisions is {brier}, and {base} for giving" in words
    assert f"of 14 numbers {half} lie in the 50 % interval, {most} in the 80 % and {nearly_all} in the 90 %" in words
    assert (total["probabilities_scored"], total["numbers_scored"]) == (25, 14)
