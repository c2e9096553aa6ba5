import pytest

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.families import DECODERS, ENCODER_DECODERS, ENCODERS
from xautolm_nb.space.pool import (
    DEFAULT_POOL,
    aliases,
    canonical_id,
    default_search_ids,
    default_writing_ids,
    pool_entry,
    pool_of,
)
from xautolm_nb.space.weights import SHARED_LAYERS, layer_weights


@pytest.mark.parametrize(
    ("origin", "count"), [("encoder", 25), ("generative_2024", 23), ("generative_2025", 41), ("modern", 6)]
)
def test_the_pools_of_the_paper_are_complete(origin: str, count: int) -> None:
    assert len(pool_of(origin)) == count


def test_ids_are_unique_and_figures_present() -> None:
    assert len({model.id for model in DEFAULT_POOL}) == len(DEFAULT_POOL)
    for model in DEFAULT_POOL:
        sizes = (model.parameters, model.embedding_parameters, model.layers, model.hidden, model.intermediate)
        assert min(*sizes, model.heads, model.vocabulary, model.max_positions) > 0
        assert model.hidden % model.heads == 0 or model.architecture == "decoder"
        assert model.licence
        assert model.languages


@pytest.mark.parametrize("model", [m for m in DEFAULT_POOL if m.family in ENCODERS], ids=lambda m: m.id)
def test_the_parts_of_an_encoder_add_up_to_its_parameters(model: ModelInfo) -> None:
    stored = 1 if model.family in SHARED_LAYERS else model.layers
    total = model.embedding_parameters + stored * layer_weights(model)
    tolerance = {"deberta": 0.12, "modernbert": 0.15, "albert": 0.08}.get(model.family, 0.03)
    assert total == pytest.approx(model.parameters, rel=tolerance)


def test_families_know_their_architecture() -> None:
    kinds = {"encoder": ENCODERS, "decoder": DECODERS, "encoder_decoder": ENCODER_DECODERS}
    for model in DEFAULT_POOL:
        assert model.family in kinds[model.architecture]


@pytest.mark.parametrize("writes", [False, True])
def test_what_is_offered_by_default_is_small_and_free(writes: bool) -> None:
    ids = default_writing_ids if writes else default_search_ids
    assert len(ids) >= 5
    for id in ids:
        model = pool_entry(id)
        assert model is not None
        assert (model.architecture != "encoder") is writes
        assert model.parameters < 300e6
        assert not model.gated


def test_a_model_is_known_by_its_old_and_its_new_name() -> None:
    assert pool_entry("google-bert/bert-base-uncased") == pool_entry("bert-base-uncased")
    assert canonical_id("FacebookAI/roberta-base") == "roberta-base"
    assert canonical_id("someone/roberta-base") == "someone/roberta-base"
    assert pool_entry("someone/else") is None
    assert "openai-community/gpt2" in aliases("gpt2")
    assert aliases("someone/else") == ("someone/else",)
