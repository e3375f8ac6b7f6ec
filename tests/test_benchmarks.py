"""The benchmarks of the limit and of growth run, and their counts, fits and parsers are right."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import limit
import scaling

BENCHMARKS = Path(limit.__file__).parent


class Counted(float):
    """A number that counts the operations applied to it."""

    done = 0


def counting(name: str):
    def operate(one: float, other: float) -> Counted:
        Counted.done += 1
        return Counted(getattr(float, name)(one, other))

    return operate


for operation in "add radd sub rsub mul rmul truediv rtruediv".split():
    setattr(Counted, f"__{operation}__", counting(f"__{operation}__"))


def numbers(*shape: int) -> np.ndarray:
    values = np.empty(shape, object)
    values.flat = [Counted(value) for value in np.random.default_rng(len(shape)).uniform(0.1, 0.9, values.size)]
    return values


@pytest.mark.parametrize(("n", "k"), [(32, 9), (64, 12)])
def test_counted_arithmetic_of_influence_matches_its_definition(n: int, k: int) -> None:
    anchor, current, susceptibility = numbers(k, n), numbers(k, n), numbers(n)
    weights, positions, base, salience = numbers(n, n), numbers(k, n), numbers(n, n), numbers(k)
    Counted.done = 0
    _ = (1.0 - susceptibility) * anchor + susceptibility * (current @ weights)
    assert limit.total(limit.named("influence step"), n, k)["flops"] == pytest.approx(Counted.done, rel=0.01)
    Counted.done = 0
    scaled = salience[:, None] ** 0.5 * positions  # in units of the confidence bound, over the square root of two
    half = 0.5 * (scaled * scaled).sum(axis=0)
    near = (1.0 - half)[:, None] - half + scaled.T @ scaled
    out = base * near * near
    _ = out / out.sum(axis=0)
    assert limit.total(limit.named("influence weights"), n, k)["flops"] == pytest.approx(Counted.done, rel=0.01)


def test_every_mechanism_is_counted_and_grows_with_the_alliance() -> None:
    small, large = limit.total(limit.COUNTS, 32, 9), limit.total(limit.COUNTS, 64, 18)
    assert len({count.name for count in limit.COUNTS}) == len(limit.COUNTS)
    for count in limit.COUNTS:
        assert count.what
        assert 0 < count.flops(32, 9) <= count.flops(64, 18)
        assert 0 <= count.words(32, 9) <= count.words(64, 18)
    # Between proportional to allies and to allies squared times issues.
    assert all(2 < large[name] / small[name] < 8 for name in ("flops", "bytes"))
    assert small["numbers"] == 33 and large["numbers"] == 65


def test_loops_are_parsed_from_the_compilers_remarks() -> None:
    said = """
remark: influence.py:148:5: vectorized loop (vectorization width: 4, interleaved count: 2)
remark: influence.py:148:5: loop not vectorized: vectorization and interleaving are explicitly disabled, or the loop \
has already been vectorized
remark: /somewhere/influence.py:174:1: loop not vectorized: Cannot vectorize early exit loop. Some advice
remark: influence.py:180:1: loop not vectorized
remark: <unknown>:0:0: loop not vectorized
"""
    assert limit.loops_of(said) == [
        {"file": "influence.py", "line": 148, "widths": [4], "reasons": []},
        {"file": "influence.py", "line": 174, "widths": [], "reasons": ["Cannot vectorize early exit loop"]},
        {"file": "influence.py", "line": 180, "widths": [], "reasons": []},
    ]


def test_instructions_are_counted_by_vector_width() -> None:
    listing = """
\tvfmadd231pd\t%zmm1, %zmm2, %zmm0
\tvmulpd\t(%rax,%rsi,8), %ymm4, %ymm5
\tvaddpd\t%xmm1, %xmm0, %xmm0
\taddsd\t%xmm1, %xmm0
\tvsqrtsd\t%xmm1, %xmm0, %xmm0
\tvmovupd\t(%rax,%rsi,8), %ymm4
\taddq\t$16, %rsi
\tvpaddq\t%ymm1, %ymm2, %ymm3
"""
    assert limit.widths_of(listing) == {"scalar": 2, "xmm": 1, "ymm": 1, "zmm": 1}


def test_fitted_exponents_match_synthetic_power_laws() -> None:
    values = [32, 64, 128, 256]
    law = scaling.power_law(values, [3.0 * value**1.7 for value in values])
    assert law["exponent"] == pytest.approx(1.7)
    assert law["factor"] == pytest.approx(3.0)
    assert law["error"] == pytest.approx(0.0, abs=1e-6)
    # A textbook case: errors of one power of e, up and down, at logarithms -1, 0, 1 and 2.
    law = scaling.power_law(np.exp([-1, 0, 1, 2]), np.exp([-1 + 1, 0 - 1, 1 - 1, 2 + 1]))
    assert law["exponent"] == pytest.approx(1.0)
    assert law["error"] == pytest.approx((4 / 2 / 5) ** 0.5)
    assert scaling.power_law([1, 2], [1, 4])["error"] is None
    assert scaling.exponent(scaling.power_law([1], [1])) == "one point"
    assert scaling.exponent({"exponent": -0.987, "error": 0.012}) == "exponent -0.99 ± 0.01"


def test_memory_is_fitted_as_a_constant_and_a_slope() -> None:
    assert scaling.memory(scaling.line([10, 1000, 100_000], [3e8 + 2450 * n for n in (10, 1000, 100_000)])) == (
        "300 MB + 2.45 kB each"
    )


def test_synthetic_allies_and_issues_run() -> None:
    for work in (scaling.allies(40), scaling.issues(18), scaling.months(2), scaling.months(60)):
        assert work() > 0.0  # the run itself refuses outcomes that are not numbers


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, "--quick", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_limit_runs(tmp_path: Path) -> None:
    text = run("limit.py", "--rounds", "1", "--json", str(tmp_path / "limit.json"))
    found = json.loads((tmp_path / "limit.json").read_text())
    assert set(found["counts"]) == {count.name for count in limit.COUNTS}
    assert all(rate["low"] > 0.0 for rate in found["rates"].values())
    for name, (label, counts) in limit.PARTS.items():
        part = found["parts"][name]
        assert label in text
        assert part["seconds"]["median"] > 0.0
        if counts:
            assert 0.0 < part["of_product"]["median"] <= part["of_limit"]["median"]
    assert found["parts"]["step"]["seconds"]["median"] < found["parts"]["month"]["seconds"]["median"]


def test_scaling_runs(tmp_path: Path) -> None:
    text = run(
        "scaling.py", "--rounds", "1", "--only", "chunks",
        "--json", str(tmp_path / "scaling.json"), "--plot", str(tmp_path / "scaling.png"),
    )  # fmt: skip
    axis = json.loads((tmp_path / "scaling.json").read_text())["axes"]["chunks"]
    assert [point["value"] for point in axis["points"]] == list(scaling.AXES["chunks"].quick)
    assert all(point["peak_bytes"]["median"] > 1e7 and point["seconds"]["low"] > 0.0 for point in axis["points"])
    assert scaling.exponent(axis["time"]) in text and scaling.memory(axis["memory"]) in text
    assert (tmp_path / "scaling.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--rounds", "0"], "--rounds: at least 1"),
        (["--draws-up-to", "99"], "--draws-up-to: at least 100"),
        (["--plot", "figure.txt"], "--plot: a name that ends in"),
        (["--json", "nowhere/found.json"], "not a file in a folder that exists"),
    ],
)
def test_impossible_requests_are_refused_before_measuring(arguments: list[str], problem: str) -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "scaling.py", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert problem in done.stderr
