"""The store on a PostgreSQL server: the whole contract, and what only a server must withstand."""

from collections.abc import Iterator

import pytest
from contracts.store import StoreContract, a_record, a_trial, an_experience

from xautolm_nb.store import ExperienceStore


class TestStoreOnPostgres(StoreContract):
    @pytest.fixture
    def store(self, team_url: str) -> Iterator[ExperienceStore]:
        with ExperienceStore.open(team_url) as opened:
            yield opened
