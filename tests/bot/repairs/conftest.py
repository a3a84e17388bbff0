from collections.abc import Iterator

import pytest

from tests.bot.repairs.cloud import Cloud, Reveille, cloud, reveille_of


@pytest.fixture
def on_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Servers of the NBA pipeline, named by the environment of this process; no store."""
    with cloud() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("REVEILLE_STORE", raising=False)
        yield served


@pytest.fixture
def reveille(capsys: pytest.CaptureFixture[str]) -> Reveille:
    """Run a command of the shell."""
    return reveille_of(capsys)
