"""A PostgreSQL server for the tests of this room, started once and only when a test asks for it."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

from benchmarks.postgres import NoServer, Server, serve

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A throw-away server. Without PostgreSQL the tests skip; where everything has to run (CI=true), they fail."""
    try:
        with serve(durable=False) as server:
            yield server
    except NoServer as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def team_url(postgres: Server) -> str:
    """Connection string of an empty database, password included."""
    return postgres.create(f"team_{next(_NUMBERS)}")
