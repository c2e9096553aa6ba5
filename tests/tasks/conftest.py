"""Small tables that tasks are made of."""

from collections.abc import Callable

import pandas as pd
import pytest


@pytest.fixture
def make_frame() -> Callable[..., pd.DataFrame]:
    """Make `rows` different texts, their classes taking turns."""

    def make(rows: int = 60, classes: tuple[object, ...] = ("bad", "good")) -> pd.DataFrame:
        labels = [classes[row % len(classes)] for row in range(rows)]
        return pd.DataFrame({"text": [f"row {row} says {label}" for row, label in enumerate(labels)], "label": labels})

    return make
