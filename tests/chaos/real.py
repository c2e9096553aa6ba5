"""A case with real fine-tuning of a tiny model: the command line's own path, with torch, workers and checkpoints."""

from pathlib import Path

from tiny import save_tiny_model, tiny_frame

from chaos.scene import Scene
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.request import SearchRequest, create_study
from xautolm_nb.store import ExperienceStore


def create_real(home: Path, model: Path, *, trials: int) -> StudyRecord:
    """Enter a study that fine-tunes a tiny model."""
    options = {"text": "text", "label": "label", "models": [str(model)], "budget": "30m", "max_trials": trials,
               "use_starter": False}  # fmt: skip
    with ExperienceStore.open(home) as store:
        record, _ = create_study(SearchRequest.from_mapping(options), tiny_frame(1500), store)
    return record


class RealScene(Scene):
    """A study that trains; see `Scene`."""

    trials_option = "max_trials"
    longest_wait = 4.0

    def create(self) -> StudyRecord:
        self.trials = 3
        return create_real(self.home, save_tiny_model(self.notes / "tiny-bert"), trials=self.trials)
