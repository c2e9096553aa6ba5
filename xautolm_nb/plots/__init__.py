"""What a study looks like: trials to arrays, arrays to matplotlib Figures, a study to static HTML."""

from xautolm_nb.plots.data import (
    Anytime,
    LearningCurve,
    ParetoFront,
    anytime,
    learning_curves,
    pareto,
)
from xautolm_nb.plots.figures import (
    anytime_figure,
    curves_figure,
    overview_figure,
    pareto_figure,
    to_png,
    to_svg,
)
from xautolm_nb.plots.html import figure_html, summary_html

__all__ = [
    "Anytime",
    "LearningCurve",
    "ParetoFront",
    "anytime",
    "anytime_figure",
    "curves_figure",
    "figure_html",
    "learning_curves",
    "overview_figure",
    "pareto",
    "pareto_figure",
    "summary_html",
    "to_png",
    "to_svg",
]
