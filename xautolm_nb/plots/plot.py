"""A figure as an object that a notebook shows: the picture, its text alternative and its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xautolm_nb.core.study import StudyView
from xautolm_nb.plots import figures
from xautolm_nb.plots.data import ReferenceFront
from xautolm_nb.plots.html import described_html, image_html
from xautolm_nb.plots.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One kind of figure, or several side by side, of a study as it was; drawn when it is asked for.

    Notebooks show a bare matplotlib `Figure` only after pyplot was imported, and without words for who cannot see it;
    this shows itself, with its numbers in a fold.
    """

    view: StudyView
    kind: str | Sequence[str] = figures.OVERVIEW
    dark: bool = False
    width: float | None = None
    """Inches, as for `plots.figure`."""
    reference: ReferenceFront | None = None

    def __post_init__(self) -> None:
        """Check the kinds at once: a notebook hides errors that come while it shows something."""
        for kind in self.kinds:
            figures.kind_of(kind)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds, from left to right."""
        return (self.kind,) if isinstance(self.kind, str) else tuple(self.kind)

    @property
    def figure(self) -> "Figure":
        """The matplotlib figure, a new one each time."""
        return figures.figure(self.view, self.kinds, dark=self.dark, width=self.width, reference=self.reference)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The numbers, a table for each kind."""
        return tuple(figures.table(self.view, kind, reference=self.reference) for kind in self.kinds)

    @property
    def words(self) -> str:
        """What is to be seen, in words."""
        return figures.words_of(self.view, self.kinds, reference=self.reference)

    def save(self, path: str | Path) -> Path:
        """Write it to a file that ends with .svg, .pdf or .png.

        Raises:
            RequestError: The ending is another one.
        """
        return figures.save(self.view, self.kinds, path, dark=self.dark, width=self.width, reference=self.reference)

    def __str__(self) -> str:
        return self.words

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """As a page and as text; notebooks choose."""
        drawn = self.figure
        image = image_html(figures.to_png(drawn), self.words, drawn.get_figwidth())
        return {"text/plain": self.words, "text/html": described_html(image, self.tables)}
