from pathlib import Path

import pytest
import sqlalchemy as sa
from contracts.store import a_context, an_experience

from xautolm_nb.core.errors import StoreError
from xautolm_nb.store import ExperienceStore, StoreWarning, experiences, schema
from xautolm_nb.store.database import Database
from xautolm_nb.store.location import resolve


def spoil(path: Path, table: sa.Table, name: str) -> None:
    database = Database(resolve(path))
    database.write(lambda c: c.execute(table.update().where(table.c.id == name).values(body='{"score": "?"}')))
    database.close()


def test_each_context_is_prepared_once() -> None:
    prepared = experiences.prepare([an_experience(1), an_experience(2), an_experience(3, context=a_context(9.0))])
    assert (len(prepared.contexts), len(prepared.experiences)) == (2, 3)


def test_a_record_that_cannot_be_decoded_is_left_out_with_a_warning(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.append(an_experience(1), an_experience(2))
        spoil(tmp_path, schema.experiences, an_experience(1).id)
        with pytest.warns(StoreWarning, match=an_experience(1).id):
            assert store.experiences() == [an_experience(2)]
        with pytest.warns(StoreWarning), pytest.raises(StoreError, match="decoded"):
            store.get(an_experience(1).id)


def test_experiences_of_a_context_that_cannot_be_decoded_are_left_out(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.append(an_experience(1), an_experience(2, context=a_context(9.0)))
        spoil(tmp_path, schema.contexts, next(name for name, context, _ in store.contexts() if context == a_context()))
    with ExperienceStore.open(tmp_path) as store:
        with pytest.warns(StoreWarning):
            assert store.experiences() == [an_experience(2, context=a_context(9.0))]
        with pytest.warns(StoreWarning):
            assert len(store.contexts()) == 1


def test_a_long_sequence_is_cut_into_chunks() -> None:
    assert list(experiences.chunked([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(experiences.chunked([], 2)) == []


def test_more_experiences_than_a_statement_takes_names_are_appended_once() -> None:
    many = [an_experience(number, seed=number) for number in range(2 * experiences.CHUNK + 1)]
    with ExperienceStore.open(":memory:") as store:
        assert store.append(*many) == len(many)
        assert store.append(*many) == 0
