"""Pictures for the README are small."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.pictures import MOST_BYTES, keep


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def test_a_picture_is_made_small_enough_for_a_page(tmp_path: Path) -> None:
    keep(png(np.full((600, 2000, 3), 240, dtype=np.uint8)), tmp_path / "new" / "a.png")
    kept = Image.open(tmp_path / "new" / "a.png")
    assert kept.size == (1600, 480) and kept.mode == "P"


def test_one_that_stays_too_large_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 1600, 3), dtype=np.uint8)
    with pytest.raises(RuntimeError, match=str(MOST_BYTES)):
        keep(png(noise), tmp_path / "b.png")
