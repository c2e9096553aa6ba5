"""The numbers of each figure as a table: for screen readers, for copying, for whoever doubts the picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

import numpy as np

from xautolm_nb.plots.data import Anytime, LearningCurve, ParetoFront
from xautolm_nb.plots.expectations import Calibration, Costs
from xautolm_nb.plots.failures import FailureMap
from xautolm_nb.plots.parallel import Parallel

Cell: TypeAlias = str | int | float | bool | None
MOST_ROWS = 200
"""Rows written into a page."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A figure's data in rows; unknown is None."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def to_dicts(self) -> list[dict[str, Cell]]:
        """One mapping for each row: what `pandas.DataFrame` and `json.dumps` take."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_html(self, most: int = MOST_ROWS) -> str:
        """Write it as HTML, every text escaped; of more than `most` rows the last ones, and how many are missing."""
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.columns)
        body = "".join(_row_html(row) for row in self.rows[-most:])
        missing = len(self.rows) - most
        note = f" ({missing} earlier rows are not shown)" if missing > 0 else ""
        caption = f"<caption>{escape(self.caption + note)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def anytime_table(data: Anytime) -> Table:
    """One row for each validation, as they came."""
    return _table(
        "Best score so far",
        ("trial", "seconds of work", "score", "best so far"),
        data.numbers,
        data.seconds,
        data.scores,
        data.best,
    )


def pareto_table(data: ParetoFront) -> Table:
    """One row for each trial with a score; then the points of the reference."""
    table = _table(
        "Score against time",
        ("trial", "seconds", "score", "on the front", "ran to the end"),
        data.numbers,
        data.seconds,
        data.scores,
        data.front,
        data.complete,
    )
    other = data.reference
    if other is None:
        return table
    points = zip(other.seconds.tolist(), other.scores.tolist(), strict=True)
    more = tuple((other.name, seconds, score, None, None) for seconds, score in points)
    return Table(caption=table.caption, columns=table.columns, rows=(*table.rows, *more))


def curves_table(curves: Sequence[LearningCurve]) -> Table:
    """One row for each validation of each trial."""
    rows = tuple(
        (curve.number, fidelity, score, seconds, curve.state.value, curve.best)
        for curve in curves
        for fidelity, score, seconds in zip(
            curve.fidelity.tolist(), curve.scores.tolist(), curve.seconds.tolist(), strict=True
        )
    )
    columns = ("trial", "share of the full run", "score", "seconds", "state", "best trial")
    return Table(caption="Learning curves", columns=columns, rows=rows)


def parallel_table(data: Parallel) -> Table:
    """One row for each configuration, with the parameters that are drawn."""
    names = tuple(axis.name for axis in data.axes)
    ends = zip(data.numbers.tolist(), data.scores.tolist(), data.failed.tolist(), data.values, strict=True)
    rows = tuple((number, _known(score), failed, *values) for number, score, failed, values in ends)
    return Table(caption="Configurations", columns=("trial", "score", "failed", *names), rows=rows)


def failures_table(data: FailureMap) -> Table:
    """One row for each trial whose batch is known."""
    models = [data.models[row] for row in data.rows]
    columns = ("trial", "model", "tokens of the largest batch", "outcome")
    return _table("Where trials fail", columns, data.numbers, models, data.tokens, data.kinds)


def calibration_table(data: Calibration) -> Table:
    """One row for each trial that came back."""
    return _table(
        "Prior against posterior",
        ("trial", "expected score", "standard deviation", "score", "ran to the end", "failed", "expected at the start"),
        data.numbers,
        data.expected,
        data.sd,
        data.scores,
        data.complete,
        data.failed,
        data.at_start,
    )


def cost_table(data: Costs) -> Table:
    """One row for each trial's newest piece of work."""
    columns = ("trial", "expected seconds", "measured seconds", "failed")
    return _table("Predicted cost", columns, data.numbers, data.expected, data.seconds, data.failed)


def _table(caption: str, columns: tuple[str, ...], *values: Any) -> Table:
    """A table of arrays or sequences of one length, a column each."""
    plain = [column.tolist() if isinstance(column, np.ndarray) else list(column) for column in values]
    rows = tuple(tuple(_known(cell) for cell in row) for row in zip(*plain, strict=True))
    return Table(caption=caption, columns=columns, rows=rows)


def _known(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _row_html(row: tuple[Cell, ...]) -> str:
    first, *others = (escape(_said(cell)) for cell in row)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


def _said(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float():
            return f"{cell:.4g}"
    return str(cell)
