"""Contexts are plain data with an id by content."""

from dataclasses import replace

from worlds import CONTEXT

from xautolm_nb.core.context import Context
from xautolm_nb.core.serial import content_id, from_json, to_json


def test_a_context_survives_writing_and_reading() -> None:
    assert from_json(to_json(CONTEXT), Context) == CONTEXT


def test_another_machine_is_another_context() -> None:
    other = replace(CONTEXT, system=replace(CONTEXT.system, gpu_memory_gib=24.0))
    assert content_id(other) != content_id(CONTEXT)
