"""Texts that travel name no folders of the machine they come from."""

import pytest

from xautolm_nb.core.places import names_a_place, without_places

HOME = "/" + "home/jo"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{HOME}/runs/model", "model"),
        ("~/runs/model", "model"),
        (f'File "{HOME}/my runs/finetune.py", line 3', 'File "finetune.py", line 3'),
        (f"[Errno 2] No such file: '{HOME}/a b/c d.json'", "[Errno 2] No such file: 'c d.json'"),
        (f"cannot read {HOME}/x/model.safetensors: it ends early", "cannot read model.safetensors: it ends early"),
        (r"cannot read C:\Users\jo\model\config.json", "cannot read config.json"),
        (f"path={HOME}/x", "path=x"),
    ],
)  # fmt: skip
def test_a_path_is_cut_to_its_last_name(text: str, kept: str) -> None:
    assert without_places(text) == kept
    assert names_a_place(text) and not names_a_place(kept)
    assert without_places(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CUDA out of memory. Tried to allocate 1.2 GiB",
        "sentence-transformers/all-MiniLM-L6-v2",
        "see https://pytorch.org/docs/stable/notes/cuda.html for more",
        "3 rows/s, and/or 1/2 of 5 / 6",
        "f1 0.5\\n",
        "torch/nn/modules/linear.py:125",
    ],
)
def test_what_is_no_place_stays(text: str) -> None:
    assert without_places(text) == text
    assert not names_a_place(text)
