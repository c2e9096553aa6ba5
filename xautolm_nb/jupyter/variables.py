"""The variables of the kernel that can be searched on, found without importing what the user has not."""

import sys
from collections.abc import Mapping
from typing import Any

from xautolm_nb.core.errors import TaskError
from xautolm_nb.jupyter.objects import Variable, VariableKind


def list_variables(names: Mapping[str, Any]) -> list[Variable]:
    """DataFrames, Datasets and dicts of them, in the order they were first assigned; names with `_` are left out."""
    found = ((name, value) for name, value in dict(names).items() if not name.startswith("_"))
    return [described for name, value in found if (described := _describe(name, value)) is not None]


def variable(names: Mapping[str, Any], name: str) -> Any:
    """The value of a variable.

    Raises:
        TaskError: There is none, or a search cannot read it.
    """
    if name not in names:
        raise TaskError(f"There is no variable {name!r} in this kernel.", hint="Run the cell that makes it.")
    value = names[name]
    if _kind(value) is None:
        raise TaskError(
            f"The variable {name!r} is a {type(value).__name__}.",
            hint="A search reads a DataFrame, a Dataset, a DatasetDict or a dict of them by split.",
        )
    return value


def _describe(name: str, value: Any) -> Variable | None:
    kind = _kind(value)
    if kind is None:
        return None
    tables = list(value.values()) if isinstance(value, Mapping) else [value]
    return Variable(name=name, kind=kind, rows=sum(len(table) for table in tables), columns=_columns(tables[0]))


def _kind(value: Any) -> VariableKind | None:
    if _is_a(value, "pandas", "DataFrame"):
        return "DataFrame"
    if _is_a(value, "datasets", "Dataset"):
        return "Dataset"
    if _is_a(value, "datasets", "DatasetDict"):
        return "DatasetDict" if len(value) else None
    is_splits = (
        type(value) is dict and value and all(_kind(table) in ("DataFrame", "Dataset") for table in value.values())
    )
    return "dict" if is_splits else None


def _columns(table: Any) -> list[str]:
    columns = table.column_names if hasattr(table, "column_names") else table.columns
    return [str(column) for column in columns]


def _is_a(value: Any, package: str, name: str) -> bool:
    """Whether a value is of a class of a package; False while nobody has imported the package."""
    kind = getattr(sys.modules.get(package), name, None)
    return isinstance(kind, type) and isinstance(value, kind)
