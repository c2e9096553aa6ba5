"""What a study looks like: trials to arrays, arrays to figures and tables, a study to static HTML.

    figure(view, "pareto", dark=True)         a matplotlib Figure
    table(view, "pareto").to_html()           its numbers
    save(view, "pareto", "front.pdf")         a file for a paper
    charts(view)                              the numbers behind the panel's charts

Names are loaded on first use: whoever only wants numbers does not wait for matplotlib.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xautolm_nb.plots.data import (
        Anytime,
        LearningCurve,
        ParetoFront,
        PriorBand,
        ReferenceFront,
        anytime,
        learning_curves,
        pareto,
        reference_front,
    )
    from xautolm_nb.plots.expectations import Calibration, Costs, calibration, costs, prior_band
    from xautolm_nb.plots.failures import FailureMap, failure_map, failure_map_of
    from xautolm_nb.plots.figures import KINDS, OVERVIEW, draw, figure, save, table, to_pdf, to_png, to_svg, words_of
    from xautolm_nb.plots.html import figure_html, summary_html
    from xautolm_nb.plots.panel import charts, thinned
    from xautolm_nb.plots.parallel import Parallel, configurations
    from xautolm_nb.plots.plot import Plot
    from xautolm_nb.plots.tables import Table

_HOMES = {
    "data": (
        "Anytime",
        "LearningCurve",
        "ParetoFront",
        "PriorBand",
        "ReferenceFront",
        "anytime",
        "learning_curves",
        "pareto",
        "reference_front",
    ),
    "expectations": ("Calibration", "Costs", "calibration", "costs", "prior_band"),
    "failures": ("FailureMap", "failure_map", "failure_map_of"),
    "figures": ("KINDS", "OVERVIEW", "draw", "figure", "save", "table", "to_pdf", "to_png", "to_svg", "words_of"),
    "html": ("figure_html", "summary_html"),
    "panel": ("charts", "thinned"),
    "parallel": ("Parallel", "configurations"),
    "plot": ("Plot",),
    "tables": ("Table",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "KINDS",
    "OVERVIEW",
    "Anytime",
    "Calibration",
    "Costs",
    "FailureMap",
    "LearningCurve",
    "Parallel",
    "ParetoFront",
    "Plot",
    "PriorBand",
    "ReferenceFront",
    "Table",
    "anytime",
    "calibration",
    "charts",
    "configurations",
    "costs",
    "draw",
    "failure_map",
    "failure_map_of",
    "figure",
    "figure_html",
    "learning_curves",
    "pareto",
    "prior_band",
    "reference_front",
    "save",
    "summary_html",
    "table",
    "thinned",
    "to_pdf",
    "to_png",
    "to_svg",
    "words_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
