"""One engine for the tests that need only the rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from groundup.envs.spire.engine import Engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    child = Engine()
    yield child
    child.close()
