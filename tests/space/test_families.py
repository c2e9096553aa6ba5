from xautolm_nb.space.families import DECODERS, ENCODER_DECODERS, ENCODERS, OFFSET_POSITIONS


def test_a_type_has_one_architecture() -> None:
    assert not ENCODERS & DECODERS
    assert not ENCODERS & ENCODER_DECODERS
    assert not DECODERS & ENCODER_DECODERS
    assert OFFSET_POSITIONS <= ENCODERS


def test_every_encoder_has_a_classification_head_in_transformers() -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as heads

    removed = {"nezha", "qdqbert"}
    assert len(ENCODERS - set(heads) - removed) <= 3  # versions of Transformers differ in the rarest ones
