from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from contracts.store import OTHER, OWNER, a_record, a_trial, an_experience

from xautolm_nb.core.errors import LeaseError, StoreError, StudyError
from xautolm_nb.store import ExperienceStore, StoreWarning, schema
from xautolm_nb.store.database import Database
from xautolm_nb.store.location import resolve


def test_a_study_that_cannot_be_decoded_does_not_hide_the_others(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.create_study(a_record("one"))
        store.create_study(a_record("two"))
        body = schema.studies.update().where(schema.studies.c.id == "id-one").values(body="{}")
        Database(resolve(tmp_path)).write(lambda connection: connection.execute(body))
        with pytest.warns(StoreWarning, match="id-one"):
            assert [record.name for record in store.studies()] == ["two"]
        with pytest.raises(StoreError, match="decoded"):
            store.study("one")


def test_the_learning_curve_has_one_row_per_validation(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.create_study(a_record())
        store.save_trial("id-a-study", a_trial())
    query = sa.select(schema.rungs.c.fidelity, schema.rungs.c.score, schema.rungs.c.step, schema.rungs.c.loss)
    rows = Database(resolve(tmp_path)).read(lambda c: [tuple(row) for row in c.execute(query)])
    assert rows == [(0.5, 0.6, 10, 0.7), (1.0, 0.75, 20, 0.4)]


def test_only_the_holder_writes_where_a_holder_is_named(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.create_study(a_record())
        store.claim_study("id-a-study", OWNER)
        store.save_trial("id-a-study", a_trial(), holder=OWNER)
        store.update_study("id-a-study", holder=OWNER, message="mine")
        for write in (
            lambda: store.save_trial("id-a-study", a_trial(number=5), holder=OTHER),
            lambda: store.finish_trial(
                "id-a-study", a_trial(number=5), an_experience(), holder=OTHER, message="theirs"
            ),
            lambda: store.update_study("id-a-study", holder=OTHER, message="theirs"),
        ):
            with pytest.raises(LeaseError, match="taken over by process 1234 on here"):
                write()
        assert [trial.number for trial in store.trials("id-a-study")] == [a_trial().number]
        assert store.study("a-study").message == "mine" and store.count() == 0
        store.update_study("id-a-study", owner=None)
        with pytest.raises(LeaseError, match="by another process"):
            store.save_trial("id-a-study", a_trial(), holder=OWNER)


def test_a_process_whose_clock_was_set_may_claim_its_own_study_again(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.create_study(a_record())
        me = replace(OWNER, birth="boot 7")
        store.claim_study("id-a-study", me, is_alive=lambda owner, heartbeat: True)
        later = replace(me, started=me.started + 3600.0)
        store.claim_study("id-a-study", later, is_alive=lambda owner, heartbeat: True)
        store.save_trial("id-a-study", a_trial(), holder=me)
        with pytest.raises(StudyError, match="already run by process 1234"):
            store.claim_study("id-a-study", OTHER, is_alive=lambda owner, heartbeat: True)
