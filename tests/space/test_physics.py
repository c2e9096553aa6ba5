import math
from dataclasses import replace

import pytest
from space.samples import TOKENS, known, make_context

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context
from xautolm_nb.space import build_space, estimate, fit_micro_batch, to_mended
from xautolm_nb.space.physics import GIB, MEMORY_SHARE, memory_bytes, memory_limit_gib, needs_checkpointing

ROBERTA = known("roberta-base")
LARGE = known("xlm-roberta-large")


def config(method: str = "full", **changes: ConfigValue) -> dict[str, ConfigValue]:
    return {**build_space(make_context(), [ROBERTA]).default(method=method), **changes}


@pytest.mark.parametrize("change", [{"epochs": 6}, {"max_length": 256}, {"method": "full"}])
def test_more_work_takes_more_time(gpu: Context, change: dict[str, ConfigValue]) -> None:
    less = config("head", max_length=32)
    more = config("full", max_length=32) if "method" in change else {**less, **change}
    assert estimate(more, ROBERTA, gpu).seconds > estimate(less, ROBERTA, gpu).seconds


def test_the_body_below_a_head_is_paid_for_once(context: Context) -> None:
    one, ten = (estimate(config("head", epochs=epochs), ROBERTA, context).seconds_train for epochs in (1, 10))
    assert one < ten < 1.5 * one
    one, ten = (estimate(config("lora", epochs=epochs), ROBERTA, context).seconds_train for epochs in (1, 10))
    assert ten > 9 * one


def test_full_fine_tuning_needs_most_memory_and_a_head_least(gpu: Context) -> None:
    full, partial, lora, head = (
        estimate(config(method), ROBERTA, gpu).memory_gib for method in ("full", "partial", "lora", "head")
    )
    assert full > max(partial, lora) and head < min(partial, lora)


def test_adapters_of_all_layers_keep_more_than_those_of_the_attention(gpu: Context) -> None:
    need = [
        memory_bytes(config("lora", lora_targets=targets), ROBERTA, gpu, 16) for targets in ("attention", "all-linear")
    ]
    assert need[0] < need[1]


def test_full_fine_tuning_holds_weights_gradients_and_both_moments(context: Context) -> None:
    need = memory_bytes(config(), ROBERTA, context, 1)
    assert need > 16 * ROBERTA.parameters
    assert need - memory_bytes(config(optimizer="sgd"), ROBERTA, context, 1) == pytest.approx(
        4 * ROBERTA.parameters, rel=0.01
    )


def test_the_micro_batch_is_the_whole_batch_when_it_fits(gpu: Context) -> None:
    assert fit_micro_batch(config(batch_size=32), ROBERTA, gpu) == (32, 1)


def test_a_batch_that_does_not_fit_is_split_until_it_does(gpu: Context) -> None:
    tight = replace(gpu, system=replace(gpu.system, gpu_memory_gib=14.0))
    wanted = config(batch_size=128, max_length=256)
    split = fit_micro_batch(wanted, LARGE, tight)
    assert split is not None
    micro, accumulation = split
    assert 1 <= micro < 128
    assert micro * accumulation == 128
    limit = MEMORY_SHARE * memory_limit_gib(tight) * GIB
    assert memory_bytes(wanted, LARGE, tight, micro) <= limit < memory_bytes(wanted, LARGE, tight, 2 * micro)
    physics = estimate(wanted, LARGE, tight)
    assert physics.fits
    assert (physics.micro_batch, physics.accumulation) == split


def test_where_no_row_fits_activations_are_computed_again() -> None:
    long = make_context(extra={**TOKENS, "rows_train": 100.0, "tokens_max": 512.0, "tokens_p99": 512.0})
    wanted = config(max_length=512)
    plain, kept = (memory_bytes(wanted, LARGE, long, 1, checkpointing=on) for on in (False, True))
    assert kept < plain
    between = make_context(extra=long.task.extra, memory_gib=(plain + kept) / 2 / 2**30 / MEMORY_SHARE)
    assert needs_checkpointing(wanted, LARGE, between) and not needs_checkpointing(wanted, LARGE, make_context())
    assert fit_micro_batch(wanted, LARGE, between) is not None


def test_writing_from_a_large_vocabulary_needs_memory_for_its_logits(context: Context) -> None:
    extra = {**context.task.extra, "target_tokens_p99": 64.0}
    writing = replace(context, task=replace(context.task, kind="generation", extra=extra))
    gpt2 = known("gpt2")
    more = memory_bytes(config(), gpt2, writing, 8) - memory_bytes(config(), gpt2, context, 8)
    assert more == 12 * 8 * 64 * gpt2.vocabulary


def test_a_model_too_large_for_one_row_does_not_fit(gpu: Context) -> None:
    small = replace(gpu, system=replace(gpu.system, gpu_memory_gib=4.0))
    assert fit_micro_batch(config(), LARGE, small) is None
    physics = estimate(config(), LARGE, small)
    assert not physics.fits
    assert physics.memory_share > MEMORY_SHARE


@pytest.mark.parametrize(
    ("system", "limit"),
    [
        ({"memory_gib": 8.0}, 8.0),
        ({"device": "cuda", "gpu_memory_gib": 40.0}, 40.0),
        ({"device": "mps", "memory_gib": 10.0}, 7.0),
        ({"memory_gib": 0.0}, 16.0),
    ],
)
def test_memory_is_that_of_the_training_device(system: dict[str, float], limit: float) -> None:
    assert memory_limit_gib(make_context(**system)) == pytest.approx(limit)


def test_updates_and_tokens_are_counted_over_the_full_run(context: Context) -> None:
    physics = estimate(config(batch_size=16, epochs=3), ROBERTA, context)
    assert physics.updates == 150
    assert physics.tokens == pytest.approx(800 * 3 * physics.length)
    assert physics.seconds == physics.seconds_load + physics.seconds_train + physics.seconds_eval


RUNGS = (0.0625, 0.125, 0.25, 0.5, 1.0)


def test_a_run_is_looked_at_once_that_costs_less_than_the_training_it_judges(context: Context) -> None:
    physics = estimate(config(epochs=3, batch_size=8, warmup_ratio=0.0), ROBERTA, context)
    paid = (physics.seconds_load + physics.seconds_look) / physics.seconds_train
    assert physics.looks(RUNGS) == tuple(rung for rung in RUNGS if rung >= paid)
    assert physics.seconds_eval == pytest.approx(physics.seconds_look * len(physics.looks(RUNGS)))
    hurried = replace(physics, earliest_look=2 * physics.seconds_load)
    assert hurried.looks(RUNGS) == (1.0,)


def test_nothing_is_looked_at_before_the_learning_rate_has_peaked(context: Context) -> None:
    physics = estimate(config(epochs=6, batch_size=4, warmup_ratio=0.3), ROBERTA, context)
    assert physics.earliest_look == 0.3
    assert physics.looks(RUNGS) == (0.5, 1.0)


def test_a_run_of_few_updates_is_looked_at_late(context: Context) -> None:
    physics = estimate(config(epochs=1, batch_size=32, warmup_ratio=0.0), ROBERTA, context)
    assert physics.updates == 25
    assert physics.looks(RUNGS) == (1.0,)


def test_travel_is_the_learning_rate_times_the_updates_of_the_schedule(context: Context) -> None:
    flat = config(schedule="constant", warmup_ratio=0.0, learning_rate=1e-4)
    assert estimate(flat, ROBERTA, context).travel == pytest.approx(math.log10(1e-4 * 150))
    decayed = {**flat, "schedule": "linear"}
    assert estimate(decayed, ROBERTA, context).travel == pytest.approx(math.log10(1e-4 * 75))
    assert estimate({**flat, "optimizer": "sgd"}, ROBERTA, context).travel < estimate(flat, ROBERTA, context).travel


def test_a_faster_machine_needs_less_time() -> None:
    slow, fast = (estimate(config(), ROBERTA, make_context(tflops=rate)).seconds for rate in (0.1, 0.4))
    assert fast < slow / 3
    assert estimate(config(), ROBERTA, make_context(tflops=None)).seconds > fast


def test_the_estimate_of_minilm_agrees_with_what_was_measured() -> None:
    # 32 rows of 128 tokens on a CPU: 2.1 GiB peak resident memory, 280 GFLOP a step
    tokens = {f"tokens_{name}": 128.0 for name in ("p50", "p90", "p95", "p99", "max")}
    context = make_context(extra={"rows_train": 320.0, "rows_validation": 1.0, **tokens}, tflops=0.048)
    wanted = config(batch_size=32, epochs=1, max_length=128)
    physics = estimate(wanted, known("sentence-transformers/all-MiniLM-L6-v2"), context)
    assert physics.memory_gib == pytest.approx(2.1, rel=0.3)
    assert physics.seconds_train / 10 == pytest.approx(7.0, rel=0.35)


def test_a_translated_config_is_padded_to_its_length(gpu: Context) -> None:
    original = {"method_class": "FineTuneLLMEmbeddingClassifier", "model": "roberta-base", "max_length": 512}
    physics = estimate(to_mended(original, 1000), ROBERTA, gpu)
    assert physics.length == 512
    assert physics.tokens == pytest.approx(0.7 * 1000 * 3 * 512)
