"""The policy table: what is known of it by hand, in either direction, and with runs that failed."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

import alliance_sim as als
from alliance_sim.analysis.policy import RULES, lever_effects, policy_table
from alliance_sim.cli import main
from alliance_sim.errors import InputError
from alliance_sim.registry.outcomes import OUTCOMES

#: Means of policies (rows) in three futures: a is best on average, b in its worst future, c never far from the best.
MEANS = {"a": [0.9, 0.9, 0.1], "b": [0.4, 0.4, 0.4], "c": [0.8, 0.6, 0.3]}


def runs(means=MEANS, noise=0.01):
    rows = [
        {"scenario": name, "point": point, "draw": draw, "cohesion": mean + noise * (draw - 1)}
        for name, values in means.items()
        for point, mean in enumerate(values)
        for draw in range(3)
    ]
    return pd.DataFrame(rows)


def test_table_of_three_policies_by_hand():
    table = policy_table(runs(), "cohesion", "higher")
    assert list(table.index) == ["a", "b", "c"]
    np.testing.assert_allclose(table["mean"], [1.9 / 3, 0.4, 1.7 / 3])
    np.testing.assert_allclose(table["worst"], [0.1, 0.4, 0.3])
    np.testing.assert_allclose(table["regret_max"], [0.3, 0.5, 0.3])
    np.testing.assert_allclose(table["regret_mean"], [0.1, 1.0 / 3, 0.5 / 3], atol=1e-12)
    np.testing.assert_allclose(table["regret_p90"], [0.24, 0.5, 0.26], atol=1e-12)
    np.testing.assert_allclose(table["behind"], [0.0, 1.9 / 3 - 0.4, 0.2 / 3], atol=1e-12)
    values = runs().query("scenario == 'b'")["cohesion"]
    assert table["p05"]["b"] == pytest.approx(values.quantile(0.05)) and table["p95"]["b"] > 0.4


def test_where_less_is_better_all_is_turned_round():
    turned = runs().assign(cohesion=lambda frame: -frame["cohesion"])
    there, back = policy_table(runs(), "cohesion", "higher"), policy_table(turned, "cohesion", "lower")
    for column in ("mean", "worst"):
        np.testing.assert_allclose(back[column], -there[column])
    for column in ("regret_mean", "regret_p90", "regret_max", "behind", "mc_error"):
        np.testing.assert_allclose(back[column], there[column], atol=1e-12)
        assert (back[column] >= 0.0).all()
    np.testing.assert_allclose(back["p05"], -there["p95"])


def test_common_random_numbers_are_no_error_of_a_difference_of_policies():
    table = policy_table(runs(noise=0.3), "cohesion", "higher")
    np.testing.assert_allclose(table["mc_error"], policy_table(runs(), "cohesion", "higher")["mc_error"], atol=1e-12)
    assert table["mc_error"]["a"] == 0.0 and table["mc_error"]["b"] > 0.0


def test_a_future_that_one_policy_did_not_live_to_see_counts_for_none():
    frame = runs()
    frame = frame[(frame["scenario"] != "b") | (frame["point"] != 2)]
    table = policy_table(frame, "cohesion", "higher")
    np.testing.assert_allclose(table["mean"], [0.9, 0.4, 0.7])
    np.testing.assert_allclose(table["regret_max"], [0.0, 0.5, 0.3], atol=1e-12)


def test_without_a_common_future_nothing_is_compared():
    frame = runs()
    frame = frame[(frame["scenario"] == "a") ^ (frame["point"] == 0)]
    with pytest.raises(InputError, match="no future was met by all policies"):
        policy_table(frame, "cohesion", "higher")


def test_an_unfinished_sweep_is_refused(swept, tmp_path):
    folder = shutil.copytree(swept, tmp_path / "cut")
    (folder / "manifest.json").unlink()
    next((folder / "parts" / "done").iterdir()).unlink()
    for ask in (lambda: als.policy(folder, "cohesion"), lambda: als.discover(folder, "cohesion", below=0.5)):
        with pytest.raises(InputError, match=r"unfinished: .* tasks are done; allowed: a finished sweep"):
            ask()


def test_options_are_averaged_only_where_all_combinations_were_run(spending):
    part = dataclasses.replace(spending, table=spending.table.iloc[:-1])
    assert len(spending.options) and part.options.empty


@pytest.fixture(scope="module")
def spending(swept) -> als.Policies:
    return als.policy(swept, "mean_spending")


def test_policies_of_a_sweep_are_those_of_single_runs(swept, spending):
    assert spending.better == "higher" and (spending.futures, spending.draws) == (40, 3)
    results = als.load_results(swept)
    variant = results.variants[2]
    assert spending.table.loc[variant.scenario.name, ["money", "talk"]].tolist() == ["more", "none"]
    values = [
        als.simulate(
            variant.scenario.with_parameters(dict(zip(results.points.names, point.tolist(), strict=True))),
            3,
            2,
            "final",
        ).output.outcomes[:, 0, list(OUTCOMES).index("mean_spending")]
        for point in results.points.values
    ]
    row = spending.table.loc[variant.scenario.name]
    assert row["mean"] == pytest.approx(np.mean(values))
    assert row["worst"] == pytest.approx(np.mean(values, axis=1).min())
    assert row["p95"] == pytest.approx(np.quantile(values, 0.95))


def test_the_lever_that_matters_is_chosen_by_every_rule(spending):
    assert set(spending.choices) == set(RULES)
    assert {spending.table["money"][name] for name in spending.choices.values()} == {"more"}
    options = spending.options
    assert options["mean"]["money", "more"] > options["mean"]["money", "usual"]
    assert options["regret_max"]["money", "more"] == 0.0 < options["regret_mean"]["money", "usual"]
    # Talk does nothing to spending: two policies are one, and neither is better.
    assert options["mean"]["talk", "yes"] == options["mean"]["talk", "none"]
    assert [spending.table["behind"][name] for name in spending.tied[-2:]] == [0.0, 0.0]


def crossed():
    """Return runs in two futures with two levers, of which talk does nothing, and the options."""
    options = pd.DataFrame(
        [(money, talk) for money in ("usual", "some", "more") for talk in ("none", "yes")], columns=["money", "talk"]
    )
    options.index = [f"{money}+{talk}" for money, talk in options.to_numpy()]
    rows = [
        {
            "scenario": name,
            "point": point,
            "draw": draw,
            "cohesion": {"usual": 0.1, "some": 0.3, "more": 0.4}[row["money"]] + 0.1 * point * (row["money"] == "more"),
        }
        for name, row in options.iterrows()
        for point in range(2)
        for draw in range(4)
    ]
    return pd.DataFrame(rows), options


def test_effects_of_levers_by_hand():
    effects = lever_effects(crossed()[0], "cohesion", "higher", crossed()[1])
    assert list(effects.index) == ["money", "talk"]
    assert effects.loc["money", ["best", "worst"]].tolist() == ["more", "usual"]
    np.testing.assert_allclose(effects["effect"], [0.35, 0.0], atol=1e-12)
    # In two futures it is worth 0.3 and 0.4: the variance of their mean is 0.005 / 2; draws add nothing.
    np.testing.assert_allclose(effects["mc_error"], [0.05, 0.0], atol=1e-12)
    turned = lever_effects(crossed()[0], "cohesion", "lower", crossed()[1])
    assert turned.loc["money", ["best", "worst"]].tolist() == ["usual", "more"]
    np.testing.assert_allclose(turned["effect"], effects["effect"], atol=1e-12)


def test_the_error_of_an_effect_is_its_spread_over_repetitions():
    found = [lever_effects(*_with_seed(seed)) for seed in range(60)]
    talk = np.array([each.loc["talk", "effect"] * (1 if each.loc["talk", "best"] == "yes" else -1) for each in found])
    expected = np.sqrt(np.mean([each.loc["talk", "mc_error"] ** 2 for each in found]))
    assert expected == pytest.approx(talk.std(), rel=0.35) and abs(talk.mean()) < 3 * talk.std() / np.sqrt(60)


def _with_seed(seed):
    runs, options = crossed()
    runs["cohesion"] += np.random.default_rng(seed).normal(0.0, 0.05, len(runs))
    return runs, "cohesion", "higher", options


def test_effects_need_all_combinations_and_runs_of_all_policies():
    runs, options = crossed()
    part = options.iloc[:-1]
    empty = lever_effects(runs[runs["scenario"].isin(part.index)], "cohesion", "higher", part)
    assert empty.empty and list(empty) == ["effect", "mc_error", "best", "worst"]
    # A failed run of one policy takes the same draw from all others: nothing else changes a mean without noise.
    whole = lever_effects(runs, "cohesion", "higher", options)
    lost = lever_effects(runs.drop(index=3), "cohesion", "higher", options)
    assert lost["effect"]["talk"] == pytest.approx(0.0, abs=1e-12)
    assert 0.35 < lost["effect"]["money"] < 0.36 and whole["effect"]["money"] == pytest.approx(0.35)


def test_levers_that_do_nothing_stand_apart(swept, spending):
    assert list(spending.effects.index) == ["money", "talk"] and spending.without_effect == ["talk"]
    means = spending.options["mean"]
    assert spending.effects["effect"]["money"] == pytest.approx(means["money", "more"] - means["money", "usual"])
    assert spending.effects["effect"]["money"] > 2.0 * spending.effects["mc_error"]["money"]
    unknown = dataclasses.replace(spending, effects=spending.effects.assign(mc_error=np.nan))
    assert unknown.without_effect == ["talk"]  # by exactly nothing, which no error changes


def test_an_outcome_without_a_direction_needs_one(swept):
    with pytest.raises(InputError, match="criticism: which values are better is not known; allowed: better = higher"):
        als.policy(swept, "criticism")
    assert als.policy(swept, "criticism", "lower").better == "lower"
    with pytest.raises(InputError, match="better: 'more'; allowed"):
        als.policy(swept, "cohesion", "more")
    with pytest.raises(InputError, match=r"'cohesio' is not an outcome \(nearest: cohesion\)"):
        als.policy(swept, "cohesio")


def test_figure_has_a_row_a_policy(spending, tmp_path):
    figure = spending.plot(tmp_path / "policies.svg")
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == ["more, none", "more, yes", "usual, none", "usual, yes"] and labels[0].startswith("more")
    assert (tmp_path / "policies.svg").stat().st_size > 10_000


def test_command_prints_the_table(swept, spending, capsys):
    with pytest.raises(SystemExit) as end:
        main(["policy", str(swept), "--outcome", "mean_spending"])
    out = capsys.readouterr().out
    assert end.value.code == 0 and "4 policies of money, talk in 40 futures with 3 draws each; higher is better" in out
    assert "All rules choose the same" in out and out.index("more, ") < out.index("usual, ")
    assert "1 other policy is behind by two Monte Carlo errors at most" not in out  # it is not behind at all
    with pytest.raises(SystemExit):
        main(["policy", str(swept), "--outcome", "mean_spending", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["choices"] == spending.choices and printed["tied"] == spending.tied
    assert printed["without_effect"] == ["talk"] and out.index("What moves") < out.index("policy ")
    levers = {row["lever"]: row for row in printed["levers"]}
    assert levers["money"]["effect"] == spending.effects["effect"]["money"]
    assert re.search(r"What moves defence spending of allies: money by 0\.\d+ ±0\.\d+ \(more over usual\)\.", out)
    assert "What does nothing that can be seen: talk (0.000 ±0.000)." in out
    assert [row["mean"] for row in printed["policies"]] == spending.table["mean"].tolist()


@pytest.mark.parametrize("command", [["policy"], ["discover", "--below", "1"]])
def test_a_folder_without_a_sweep_is_refused(command, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main([command[0], str(tmp_path / "none"), "--outcome", "cohesion", *command[1:]])
    err = capsys.readouterr().err
    assert end.value.code == 2 and "none" in err and err.count("\n") == 1 and "Traceback" not in err
