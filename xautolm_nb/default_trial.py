"""The default fine-tuning, run for comparison outside the search."""

import json
from dataclasses import replace
from pathlib import Path

from xautolm_nb.core.config import config_key
from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.files import write_text_atomically
from xautolm_nb.core.serial import from_plain, to_json
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.study import Study


def default_trial(study: Study) -> Trial:
    """Fine-tune the default configuration to its end, outside the search; what was trained before is used again."""
    config = study.space.default()
    for trial in study.store.trials(study.record.id):
        if trial.state is TrialState.COMPLETE and config_key(trial.config) == config_key(config):
            kept = Path(study.record.folder) / "trials" / f"{trial.number:04d}" / "best"
            if kept.is_dir():
                return trial
    kept = Path(study.record.folder) / "default-trial.json"
    if kept.exists():
        return from_plain(json.loads(kept.read_text()), Trial)
    trial = Trial(number=9999, config=config, seed=study.seed, reason="default fine-tuning, for comparison")
    outcome = study.runner.run(study.record.task, trial, emit=lambda event: None, should_stop=lambda: False)
    if outcome.failure is not None:
        raise StudyError(
            f"The default fine-tuning failed: {outcome.failure.message}", hint="Leave it out: report(default=False)."
        )
    trial = replace(trial, fidelity=outcome.fidelity, curve=outcome.curve, measures=outcome.measures)
    write_text_atomically(kept, to_json(trial))
    return trial
