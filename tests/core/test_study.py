"""What is kept of a study, and what is shown."""

from dataclasses import replace

from worlds import CONTEXT, task

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.study import Control, Owner, StudyRecord, StudyState, StudyView
from xautolm_nb.core.trial import Trial

RECORD = StudyRecord(
    id="s", name="n", task=task(), context=CONTEXT, request={"budget_seconds": 60}, state=StudyState.RUNNING,
    control=Control.PAUSE, owner=Owner(pid=1, started=2.5, host="h"),
    progress=TrialProgress(number=0, phase="train", step=1, total=2, fidelity=0.5),
)  # fmt: skip


def test_a_record_survives_writing_and_reading() -> None:
    assert from_json(to_json(RECORD), StudyRecord) == RECORD


def test_a_record_shows_whose_code_it_asks_to_run_without_the_folder_it_lies_in() -> None:
    assert RECORD.trusted_code == ()
    folder, model = f"sha256:{'b2' * 32}", f"some/model@{'a1' * 20}"
    asking = replace(RECORD, request={"trust_code": [f"/home/ann/models/folk@{folder}", model]})
    assert asking.trusted_code == (f"folk@{folder}", model)
    assert replace(RECORD, request={"trust_code": "odd"}).trusted_code == ()


def test_a_view_survives_writing_and_reading() -> None:
    view = StudyView(record=RECORD, trials=(Trial(number=0, config={}, seed=0),), best=0, pareto=(0,), seq=4)
    assert from_json(to_json(view), StudyView) == view


def test_an_owner_is_known_by_its_birth_and_only_without_one_by_the_time_it_started() -> None:
    born = Owner(pid=1, started=2.5, host="h", birth="boot 7")
    assert born.is_same(replace(born, started=9999.0)), "the clock was set meanwhile"
    assert not born.is_same(replace(born, birth="boot 8")) and not born.is_same(replace(born, host="i"))
    old = replace(born, birth="")
    assert old.is_same(replace(old)) and not old.is_same(replace(old, started=9999.0)) and not old.is_same(born)
