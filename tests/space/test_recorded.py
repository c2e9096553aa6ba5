import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from space.samples import make_context

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.space import estimate, original_space, to_mended
from xautolm_nb.space.original import MODEL_IDS, original_model
from xautolm_nb.space.pool import pool_entry
from xautolm_nb.space.recorded import GPU_MEMORY_GIB, Run

ROWS = {"ag_news": 120_000, "sst2": 68_221, "meld": 11_098}


def original(row: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a recorded trial in original names."""
    config = {
        name.removeprefix("hp_"): value
        for name, value in row.items()
        if name.startswith("hp_") and value is not None and not (isinstance(value, float) and math.isnan(value))
    }
    for name in ("lora_r", "lora_alpha", "num_trainable_layers"):
        if name in config:
            config[name] = int(config[name])
    return {**config, "method_class": row["method"], "model": MODEL_IDS[row["model"]]}


@pytest.fixture(scope="module")
def trials(shared: Path) -> pd.DataFrame:
    frame = pd.read_parquet(shared / "experience" / "xautolm_trials.parquet")
    system = SystemMetaFeatures(paper=(8, 16, 5.0, 125.7, 0.0), device="cuda", gpu_memory_gib=GPU_MEMORY_GIB)
    rows = []
    for record in frame.to_dict("records"):
        rows_of_task = ROWS[record["task"]]
        task = TaskMetaFeatures(kind="classification", paper=(float(rows_of_task), *(1.0,) * 9))
        config = original({str(name): value for name, value in record.items()})
        model = original_model(config)
        assert model is not None
        physics = estimate(to_mended(config, rows_of_task), model, Context(task=task, system=system))
        rows.append((physics.memory_share, physics.seconds, physics.travel))
    return frame.assign(memory=[r[0] for r in rows], time=[r[1] for r in rows], travel=[r[2] for r in rows])


def auc(positive: pd.Series, negative: pd.Series) -> float:
    """Share of pairs in which the positive one is larger."""
    return float((positive.to_numpy()[:, None] > negative.to_numpy()[None, :]).mean())


@pytest.mark.shared
def test_the_memory_estimate_alone_tells_out_of_memory_apart(trials: pd.DataFrame) -> None:
    ran = trials[trials.failure.isna() | (trials.failure == "timeout")]
    assert auc(trials[trials.failure == "out_of_memory"].memory, ran.memory) >= 0.965


@pytest.mark.shared
def test_the_time_estimate_alone_tells_timeouts_apart(trials: pd.DataFrame) -> None:
    assert auc(trials[trials.failure == "timeout"].time, trials[trials.failure.isna()].time) >= 0.97


@pytest.mark.shared
@pytest.mark.parametrize(("task", "at_least"), [("sst2", 0.92), ("ag_news", 0.74), ("meld", 0.90)])
def test_predicted_seconds_follow_the_recorded_ones(trials: pd.DataFrame, task: str, at_least: float) -> None:
    done = trials[(trials.task == task) & trials.failure.isna()]
    assert np.corrcoef(np.log(done.time), np.log(done.evaluation_seconds))[0, 1] >= at_least


@pytest.mark.shared
def test_travel_ranks_recorded_scores_without_any_training(trials: pd.DataFrame) -> None:
    done = trials[trials.failure.isna()]
    ranks = [g.travel.rank().corr(g.macro_f1.rank()) for _, g in done.groupby("task")]
    assert np.mean(ranks) >= 0.45


@pytest.mark.shared
def test_every_recorded_trial_belongs_to_the_original_space(trials: pd.DataFrame) -> None:
    space = original_space()
    for record in trials.to_dict("records"):
        config = original({str(name): value for name, value in record.items() if str(name) != "time"})
        if config["method_class"].startswith("Lora"):
            config.setdefault("init_lora_weights", "none")  # a null choice was lost in the log
        space.validate(config)


def run(**changes: Any) -> Run:
    config = {"method_class": "FineTuneLLMEmbeddingClassifier", "model": "roberta-base", **changes}
    model = original_model(config)
    assert model is not None
    return Run.of(to_mended(config, 1000), model, rows=1000)


def test_partial_fine_tuning_was_full_where_layer_names_did_not_match() -> None:
    partial = {"num_trainable_layers": 1, "method_class": "PartialFineTuneLLMEmbeddingClassifier"}
    assert run(**partial).share == pytest.approx(1 / 12)
    assert run(**partial, model="albert-base-v1").share == 1.0


def test_warm_up_longer_than_the_run_shortens_the_travel() -> None:
    assert run(warmup_steps=2000).travel < run(warmup_steps=100).travel < run(warmup_steps=0).travel


def test_mixed_precision_is_faster_and_holds_less() -> None:
    half, single = run(use_mixed_precision=True, max_length=512), run(use_mixed_precision=False, max_length=512)
    assert half.seconds_train < single.seconds_train
    assert run(batch_size=256, use_mixed_precision=True).memory_bytes < run(batch_size=256).memory_bytes


def test_lengths_stop_at_the_limit_the_tokenizer_declared() -> None:
    assert run(max_length=4096).length == 512
    assert run(max_length=4096, model="microsoft/deberta-v3-base").length == 4096


def test_a_record_without_gpu_memory_is_measured_against_the_recorded_card() -> None:
    model = pool_entry("roberta-base")
    assert model is not None
    config = to_mended({"method_class": "FineTuneLLMEmbeddingClassifier", "model": model.id}, 1000)
    assert estimate(config, model, make_context()).limit_gib == GPU_MEMORY_GIB
