import sys
from dataclasses import replace
from typing import Any

import pytest
from space.samples import known, make_context

from xautolm_nb.core.context import Context
from xautolm_nb.space import build_space, check

BASE = known("roberta-base")
DEEP = replace(BASE, id="shallow", layers=1)
OPEN = {
    model.id: model
    for model in (BASE, DEEP, known("roberta-large"), known("gpt2"), known("google-t5/t5-small"),
                  known("mistralai/Mistral-7B-v0.1"), replace(BASE, id="mamba", family="mamba"))
}  # fmt: skip


def config(method: str = "full", **changes: Any) -> dict[str, Any]:
    return {**build_space(make_context(), [BASE]).default(method=method), **changes}


@pytest.mark.parametrize("method", ["full", "partial", "lora", "head"])
def test_a_usual_config_can_run(context: Context, method: str) -> None:
    assert check(config(method), context, OPEN) is None


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (config(model="gpt-5"), "not in the pool"),
        (config(model="mistralai/Mistral-7B-v0.1"), "gated"),
        ({**config(), "method": "adalora"}, "not one of full, partial, lora, head"),
        ({**config(), "method": "qlora"}, "QLoRA needs a GPU, but training runs on cpu"),
        ({**config(), "method": "prompt", "virtual_tokens": 256}, "leave too few of the 512"),
        (config(model="google-t5/t5-small"), "encoder-decoder"),
        (config(model="mamba"), "no classification head"),
        (config("partial", model="shallow"), "too few"),
        (config(max_length=1024), "reads 512 tokens"),
        (config("lora", lora_init="loftq"), "quantised"),
        (config("lora", lora_init="pissa", model="gpt2"), "Conv1D"),
        (config("lora", lora_rank=2000), "exceeds the width 768"),
    ],
)
def test_a_config_that_cannot_run_is_told_why(context: Context, wanted: dict[str, Any], words: str) -> None:
    reason = check(wanted, context, OPEN)
    assert reason is not None
    assert words in reason


def test_qlora_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = make_context(device="cuda", gpu_memory_gib=24.0)
    wanted = {**config("lora"), "method": "qlora"}
    for is_there, reason in ((False, "bitsandbytes, which is not installed"), (True, None)):
        monkeypatch.setattr(sys.modules[check.__module__], "has_bitsandbytes", lambda is_there=is_there: is_there)
        found = check(wanted, gpu, OPEN)
        assert found is None if reason is None else reason in str(found)


def test_too_little_memory_is_told_with_the_numbers() -> None:
    reason = check(config(model="roberta-large"), make_context(memory_gib=4.0), OPEN)
    assert reason is not None
    assert "GiB even at one row a pass, activations recomputed; 85% of the 4.0 GiB of this machine" in reason


def test_a_gpu_is_called_by_its_name() -> None:
    small = make_context(device="cuda", gpu_name="Small GPU", gpu_memory_gib=2.0)
    assert "of this Small GPU" in str(check(config(), small, OPEN))


def test_a_run_longer_than_a_trial_may_take_is_refused(context: Context) -> None:
    assert check(config(), context, OPEN, seconds_limit=1e6) is None
    assert "more than the 5 s one trial may take" in str(check(config(), context, OPEN, seconds_limit=5))


def test_a_gated_model_that_lies_here_can_run(context: Context) -> None:
    local = replace(BASE, gated=True, where="local")
    assert check(config(), context, {BASE.id: local}) is None
