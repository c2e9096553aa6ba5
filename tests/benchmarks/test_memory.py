from pathlib import Path

import pytest

from benchmarks import memory
from benchmarks.summary import Run
from xautolm_nb.core.context import SystemMetaFeatures
from xautolm_nb.space import inspect_folder

SYSTEM = SystemMetaFeatures(paper=(1.0, 1.0, 2.0, 8.0, 0.0), memory_gib=8.0, tflops=0.05)


def test_errors_are_shares_of_what_was_measured() -> None:
    figures = [{"measured": 2.0, "predicted": 1.0}, {"measured": 2.0, "predicted": 2.2}]
    runs = [Run(method="full", task=f"{place}", seed=0, figures=cell) for place, cell in enumerate(figures)]
    assert memory.summary(runs) == {"cells": 2, "error_percent": 30.0, "ratio": {"full": pytest.approx(1.455)}}


def test_a_cell_is_measured_in_a_process_of_its_own(tiny_model: Path) -> None:
    runs = memory.run_cells([inspect_folder(tiny_model)], SYSTEM, methods=("head",), batches=(4,), lengths=(16,))
    (run,) = runs
    assert 0.05 < run.figures["measured"] < 4.0
    assert run.figures["predicted"] > 0
