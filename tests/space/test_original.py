from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xautolm_nb.space import original_space, to_mended
from xautolm_nb.space.original import CLASS_NAMES, MODEL_IDS, class_suffix, original_model

LORA = {
    "method_class": "LoraGenLLMClassifier", "model": "gpt2-xl", "batch_size": 16, "gradient_accumulation_steps": 4,
    "max_length": 2048, "learning_rate": 5e-6, "epochs": 10, "warmup_steps": 1500, "weight_decay": 0.005,
    "optimizer": "adam", "lr_scheduler": "cosine_with_restarts", "lora_r": 16, "lora_alpha": 32, "lora_dropout": 0.3,
    "lora_bias": "none", "init_lora_weights": "loftq", "model_save": "all", "use_mixed_precision": True,
    "use_gradient_clipping": True, "use_early_stopping": False, "class_weighted_loss": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("WORD_EMB_Bert_Base_Uncased", "bert-base-uncased"),
        ("WORD_EMB_Plantl_Gob_Es_Roberta_Base_Bne", "PlanTL-GOB-ES/roberta-base-bne"),
        ("TEXT_GEN_Gpt2_Xl", "gpt2-xl"),
        ("TEXT_GEN_Google_T5_T5_11B", "google-t5/t5-11b"),
        ("TEXT_GEN_Microsoft_Phi_1_5", "microsoft/phi-1_5"),
        ("TEXT_GEN_Mistralai_Mixtral_8X7B_Instruct_V01", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
    ],
)
def test_class_names_of_the_logs_lead_to_hub_ids(name: str, id: str) -> None:
    assert MODEL_IDS[name] == id
    assert CLASS_NAMES[id] == name
    assert name.endswith(class_suffix(id))


@pytest.mark.shared
def test_every_recorded_model_has_a_hub_id(shared: Path) -> None:
    recorded = pd.read_parquet(shared / "experience" / "xautolm_trials.parquet", columns=["model"])
    assert set(recorded.model) <= set(MODEL_IDS)


def test_the_original_space_has_its_six_classes_and_both_pools() -> None:
    space = original_space()
    assert space.name == "xautolm-original/1"
    drawn = [space.sample(np.random.default_rng(seed)) for seed in range(300)]
    assert len({config["method_class"] for config in drawn}) == 6
    assert len(space.models) == 25 + 23
    generative = {config["model"] for config in drawn if "Gen" in str(config["method_class"])}
    assert all(space.models[str(id)].architecture != "encoder" for id in generative)
    assert all("num_workers" in config for config in drawn)  # defects are kept


def test_the_original_space_for_generation_has_three_classes() -> None:
    space = original_space("extractive_qa", era="2025")
    classes = {space.sample(np.random.default_rng(seed))["method_class"] for seed in range(50)}
    assert classes == {"FineTuneGenLLMTask", "PartialFineTuneGenLLMTask", "LoraGenLLMTask"}
    assert "dropout_rate" not in space.names
    assert "verbose" in space.names


def test_a_lora_config_is_translated() -> None:
    mended = to_mended(LORA, 1000)
    updates = 0.7 * 1000 * 10 / 64
    expected = {
        "model": "gpt2-xl", "method": "lora", "batch_size": 64, "epochs": 10, "optimizer": "adamw",
        "schedule": "cosine", "warmup_ratio": 1.0, "lora_rank": 16, "lora_scale": 2.0, "lora_init": "loftq",
        "lora_save_all": True, "padding": "max_length", "micro_batch_size": 16, "gradient_accumulation": 4,
        "mixed_precision": True, "early_stopping": False, "gradient_clipping": True, "generative": True,
        "class_weights": True, "weight_decay": 0.005,
    }  # fmt: skip
    assert expected.items() <= mended.items()
    assert to_mended({**LORA, "warmup_steps": 10}, 1000)["warmup_ratio"] == pytest.approx(10 / updates)


def test_layers_become_a_share_of_the_model() -> None:
    partial = {"method_class": "PartialFineTuneLLMEmbeddingClassifier", "model": "WORD_EMB_Roberta_Base"}
    assert to_mended({**partial, "num_trainable_layers": 4}, 100)["layer_share"] == pytest.approx(1 / 3)
    assert to_mended({**partial, "num_trainable_layers": 64}, 100)["layer_share"] == 1.0
    assert to_mended({**partial, "dropout_rate": 0.4}, 100)["dropout"] == 0.4


def test_an_unknown_model_and_missing_values_are_taken_as_they_are() -> None:
    mended = to_mended({"method_class": "LoraLLMEmbeddingClassifier", "model": "WORD_EMB_New_One"}, 100)
    assert mended["model"] == "WORD_EMB_New_One"
    assert mended["lora_init"] == "none"
    assert original_model({"model": "WORD_EMB_New_One"}) is None


def test_weight_decay_and_sgd_do_not_go_together() -> None:
    assert "weight_decay" not in to_mended({**LORA, "optimizer": "sgd"}, 1000)
