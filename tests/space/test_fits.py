"""Which models fit a machine."""

from dataclasses import replace

from worlds import CONTEXT, MODELS

from xautolm_nb.space import fit_table


def test_small_models_fit_with_every_method_and_come_first() -> None:
    rows = fit_table(MODELS, CONTEXT.system)
    assert [row["model"] for row in rows] == ["model-2", "model-4", "model-6"]
    assert all(row["fits"] == ["full", "partial", "lora", "head"] and row["reason"] == "" for row in rows)


def test_lighter_methods_need_less_memory() -> None:
    for row in fit_table(MODELS, CONTEXT.system):
        assert row["full"] > row["partial"] >= row["lora"] > 0
        assert row["full"] > row["head"]


def test_a_model_larger_than_the_machine_says_why() -> None:
    giant = replace(MODELS[0], id="giant", parameters=70_000_000_000, layers=80, full_layers=80, hidden=8192)
    (row,) = fit_table([giant], CONTEXT.system)
    assert row["fits"] == [] and "GiB" in row["reason"]


def test_a_model_of_one_layer_is_not_offered_partial_fine_tuning() -> None:
    (row,) = fit_table([replace(MODELS[0], id="flat", layers=1, full_layers=1)], CONTEXT.system)
    assert row["partial"] is None and "partial" not in row["fits"] and "full" in row["fits"]
