import pytest

import alliance_sim
from command_line import Shell


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Compile the core before a process is expected to be silent."""
    alliance_sim.simulate("baseline_2018", 1)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)
