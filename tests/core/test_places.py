"""Texts that travel name no folders of the machine they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (f"no space left in {HOME}", "no space left in ~"),
        (f"no space left in {HOME}/", "no space left in ~/"),
        (f"no space left in '{HOME} and co/runs/'", "no space left in 'runs/'"),
        (r'File "C:\Users\Jo Doe\run.py", line 3', 'File "run.py", line 3'),
        ("~/model", "model"),
        (f"file://{HOME}/x", "x"),
        (r"\\server\jo\x", "x"),
    ],
)  # fmt: skip
def test_a_path_is_cut_to_its_last_name(text: str, kept: str) -> None:
    assert without_places(text) == kept
    assert names_a_place(text) and not names_a_place(kept)
    assert without_places(kept) == kept


@given(st.lists(st.sampled_from([*"/\\~:'\" .aC", "/home/", "file://"]), max_size=40).map("".join))
def test_what_was_cut_once_stays_as_it_is(text: str) -> None:
    kept = without_places(text)
    assert without_places(kept) == kept and len(kept) <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CUDA out of memory. Tried to allocate 1.2 GiB",
        "sentence-transformers/all-MiniLM-L6-v2",
        "see https://pytorch.org/docs/stable/notes/cuda.html for more",
        "3 rows/s, and/or 1/2 of 5 / 6",
        "f1 0.5\\n",
        r"expected '\n' or '/', got '\t'",
        "torch/nn/modules/linear.py:125",
    ],
)
def test_what_is_no_place_stays(text: str) -> None:
    assert without_places(text) == text
    assert not names_a_place(text)
