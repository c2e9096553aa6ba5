"""What is known of a model."""

from xautolm_nb.core.model import ModelInfo


def test_a_model_with_fewer_layers_than_its_checkpoint_is_a_cut() -> None:
    assert ModelInfo(id="m[:3]", path="m", layers=3, full_layers=6).is_cut
    assert not ModelInfo(id="m", path="m", layers=6, full_layers=6).is_cut
    assert not ModelInfo(id="m", path="m").is_cut
