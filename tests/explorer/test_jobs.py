import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

from alliance_sim.errors import InputError
from alliance_sim.explorer import jobs
from alliance_sim.explorer.components.status import message


def test_failed_compilation_raises_for_every_waiting_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr("alliance_sim.simulation.simulate", fail)
    jobs.warm_up.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="no compiler"):
            jobs.warm_up().result(20)
    finally:
        jobs.warm_up.cache_clear()


def test_failure_is_shown_on_the_page() -> None:
    assert message(InputError("draws: too many")) == "draws: too many"
    assert message(ZeroDivisionError("by zero")) == "It failed. ZeroDivisionError: by zero"
