from dataclasses import replace

import pytest
from space.samples import known

from xautolm_nb.space.weights import body_parameters, layer_weights, trainable_parameters, trained_share

BERT = known("bert-base-uncased")
MINILM = known("sentence-transformers/all-MiniLM-L6-v2")


def test_a_bert_layer_has_its_published_weights() -> None:
    assert layer_weights(BERT) == 7_087_872
    assert layer_weights(MINILM) == 1_774_464


def test_the_body_is_what_is_left_of_the_embeddings() -> None:
    assert body_parameters(BERT) == pytest.approx(12 * 7_087_872, rel=0.01)
    assert body_parameters(replace(BERT, embedding_parameters=0)) == 0.8 * BERT.parameters


def test_albert_computes_all_layers_though_it_stores_one() -> None:
    albert = known("albert-base-v1")
    assert body_parameters(albert) > 7 * albert.parameters


@pytest.mark.parametrize(
    ("config", "share"),
    [
        ({"method": "full"}, 1.0),
        ({"method": "head"}, 0.0),
        ({"method": "lora"}, 0.0),
        ({"method": "partial", "layer_share": 0.5}, 0.5),
        ({"method": "partial", "layer_share": 0.125}, 1 / 6),
    ],
)
def test_whole_layers_are_trained_at_least_one(config: dict[str, float], share: float) -> None:
    assert trained_share(config, MINILM) == pytest.approx(share)


def test_methods_train_ever_fewer_weights() -> None:
    configs = (
        {"method": "full"}, {"method": "partial", "layer_share": 0.5},
        {"method": "lora", "lora_rank": 8, "lora_targets": "all-linear"},
        {"method": "lora", "lora_rank": 8, "lora_targets": "attention"}, {"method": "head"},
    )  # fmt: skip
    counts = [trainable_parameters(config, BERT) for config in configs]
    assert counts == sorted(counts, reverse=True)


def test_lora_counts_both_factors_of_each_matrix() -> None:
    config = {"method": "lora", "lora_rank": 4, "lora_targets": "attention"}
    head = BERT.hidden**2
    assert trainable_parameters(config, BERT) - head == 12 * 4 * 4 * 2 * 768
