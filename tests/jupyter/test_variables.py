"""Only what a search can read is offered, and nothing is imported to find out."""

import subprocess
import sys

import datasets
import pandas as pd
import pytest

from xautolm_nb.core.errors import TaskError
from xautolm_nb.jupyter.variables import list_variables, variable

FRAME = pd.DataFrame({"text": ["a", "b"], 3: [0, 1]})
DATASET = datasets.Dataset.from_pandas(FRAME.rename(columns=str))


def test_tables_are_found_with_rows_and_columns() -> None:
    names = {
        "frame": FRAME,
        "dataset": DATASET,
        "splits": datasets.DatasetDict(train=DATASET, test=DATASET),
        "by_split": {"train": FRAME, "test": FRAME},
        "_hidden": FRAME,
        "number": 7,
        "empty": {},
        "empty_splits": datasets.DatasetDict(),
        "other": {"a": 1},
        "series": FRAME["text"],
    }
    found = [(known.name, known.kind, known.rows, known.columns) for known in list_variables(names)]
    assert found == [
        ("frame", "DataFrame", 2, ["text", "3"]),
        ("dataset", "Dataset", 2, ["text", "3"]),
        ("splits", "DatasetDict", 4, ["text", "3"]),
        ("by_split", "dict", 4, ["text", "3"]),
    ]


def test_a_variable_is_given_by_name() -> None:
    assert variable({"frame": FRAME}, "frame") is FRAME


@pytest.mark.parametrize(("name", "message"), [("frmae", "no variable 'frmae'"), ("number", "is a int")])
def test_what_cannot_be_searched_on_is_refused(name: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        variable({"frame": FRAME, "number": 7}, name)


def test_looking_imports_neither_pandas_nor_datasets() -> None:
    code = (
        "import sys; from xautolm_nb.jupyter.variables import list_variables; list_variables({'a': 1});"
        "print({'pandas', 'datasets', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "set()\n"
