from dataclasses import replace

import pytest
from space.samples import known, make_context

from xautolm_nb.core.task import TaskKind
from xautolm_nb.space import build_space
from xautolm_nb.space.cells import DEFAULT_METHODS, IA3_FAMILIES, METHODS, why_not
from xautolm_nb.space.families import DECODERS, ENCODER_DECODERS, ENCODERS

BERT, GPT2, T5 = known("bert-base-uncased"), known("gpt2"), known("google-t5/t5-small")


@pytest.mark.parametrize(
    ("kind", "able"), [("classification", (BERT, GPT2)), ("extractive_qa", (BERT,)), ("generation", (GPT2, T5))]
)
def test_each_kind_of_task_has_its_architectures(kind: TaskKind, able: tuple[object, ...]) -> None:
    found = tuple(model for model in (BERT, GPT2, T5) if why_not("full", model, kind) is None)
    assert found == able


@pytest.mark.parametrize(
    ("method", "model", "kind", "words"),
    [
        ("adalora", BERT, "classification", "not one of full"),
        ("full", T5, "classification", "is an encoder-decoder"),
        ("full", replace(BERT, family="mamba"), "classification", "no classification head"),
        ("partial", replace(BERT, layers=1), "classification", "too few"),
        ("head", GPT2, "generation", "no new head"),
        ("ia3", replace(BERT, family="distilbert"), "classification", "does not know"),
        ("prompt", GPT2, "classification", "last token"),
        ("prefix", BERT, "classification", "encoders keep none"),
    ],
)
def test_a_cell_that_is_not_supported_has_a_reason(method: str, model: object, kind: TaskKind, words: str) -> None:
    assert words in str(why_not(method, model, kind))  # type: ignore[arg-type]


def test_the_families_of_ia3_are_those_of_peft() -> None:
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING as MAPPING

    assert set(MAPPING) & (ENCODERS | DECODERS | ENCODER_DECODERS) == IA3_FAMILIES


def test_a_space_offers_only_what_goes_together() -> None:
    context = make_context()
    writing = replace(context, task=replace(context.task, kind="generation"))
    space = build_space(writing, [GPT2, BERT], methods=METHODS)
    (method,) = space.variants["method"]
    assert method.when == {"model": ("gpt2",)}
    assert "head" not in method.values and "prefix" in method.values  # type: ignore[attr-defined]
    assert space.default()["model"] == "gpt2"
    assert "method" not in space.default(model_id=BERT.id)
    assert "only decoders and encoder-decoders write" in str(space.check(space.default(model_id=BERT.id), writing))


def test_the_default_methods_are_the_first() -> None:
    assert METHODS[: len(DEFAULT_METHODS)] == DEFAULT_METHODS
