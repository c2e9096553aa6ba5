"""What is kept of a study, and what is shown."""

from dataclasses import replace

from worlds import CONTEXT, task

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.serial import from_json, from_plain, to_json, to_plain
from xautolm_nb.core.study import Control, Owner, StudyRecord, StudyState, StudyView, in_order
from xautolm_nb.core.trial import Trial

PROGRESS = TrialProgress(number=0, phase="train", step=1, total=2, fidelity=0.5)
RECORD = StudyRecord(
    id="s", name="n", task=task(), context=CONTEXT, request={"budget_seconds": 60}, state=StudyState.RUNNING,
    control=Control.PAUSE, owner=Owner(pid=1, started=2.5, host="h"),
    progress=PROGRESS,
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


def test_each_running_trial_has_its_progress_by_number_and_the_latest_counts() -> None:
    first, second, newer = (replace(PROGRESS, number=number, step=step) for number, step in ((7, 1), (4, 2), (7, 3)))
    assert in_order((first, second, newer)) == (second, (newer,))
    assert in_order(()) == (None, ())
    record = replace(RECORD, progress=second, beside=(newer,))
    assert record.running == (second, newer)
    assert replace(record, progress=None, beside=()).running == ()


def test_a_record_from_before_trials_ran_beside_each_other_is_read() -> None:
    plain = to_plain(RECORD)
    del plain["beside"]
    assert from_plain(plain, StudyRecord) == RECORD and RECORD.running == (PROGRESS,)
