"""Events are plain data that any view can draw from."""

from xautolm_nb.core.events import TrialFinished, TrialProgress
from xautolm_nb.core.serial import from_plain, to_plain
from xautolm_nb.core.trial import Trial


def test_progress_survives_writing_and_reading() -> None:
    progress = TrialProgress(number=1, phase="train", step=3, total=10, fidelity=0.3, loss=0.5)
    assert from_plain(to_plain(progress), TrialProgress) == progress


def test_a_finished_trial_carries_the_whole_trial() -> None:
    event = TrialFinished(trial=Trial(number=1, config={"model": "m"}, seed=0))
    assert from_plain(to_plain(event), TrialFinished) == event
