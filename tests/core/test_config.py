"""Configurations are named by content and described in one line."""

from xautolm_nb.core.config import config_key, describe_config


def test_the_key_ignores_the_order_of_names() -> None:
    assert config_key({"a": 1, "b": "x"}) == config_key({"b": "x", "a": 1})


def test_the_key_tells_values_apart() -> None:
    assert config_key({"a": 1}) != config_key({"a": 2})


def test_the_description_begins_with_model_and_method() -> None:
    text = describe_config({"epochs": 3, "method": "lora", "learning_rate": 0.00012345, "model": "m"})
    assert text == "model=m, method=lora, epochs=3, learning_rate=0.000123"
