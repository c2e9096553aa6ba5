"""The form of a search as ipywidgets: data, columns, budget, objectives, models, methods."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets

from xautolm_nb.jupyter.browse import list_models
from xautolm_nb.jupyter.objects import Preview
from xautolm_nb.jupyter.snippet import python_code
from xautolm_nb.jupyter.variables import list_variables
from xautolm_nb.jupyter.widgets import in_thread, paragraph
from xautolm_nb.request import METHODS, SearchRequest

GIVEN = "(the data given)"
FILE = "(a file, folder or hub id)"
DETECT = "(detect)"
NONE = "(none)"
ALL_MODELS = "(all that fit)"
OBJECTIVES = {"f1": ["f1"], "f1 and little time": ["f1", "seconds"], "accuracy": ["accuracy"],
              "accuracy and little time": ["accuracy", "seconds"]}  # fmt: skip
SHOWN_CLASSES = 8
_LABEL = {"width": "9em", "justify_content": "flex-end"}

Start = Callable[[Any, Mapping[str, Any]], None]


class SearchForm:
    """Gathers what a search needs and hands it on.

    Args:
        start: Called with data and options, from a thread, when the button is pressed.
        variables: The kernel's variables.
        data: What to search on; None lets a person choose.
        options: Values to begin with, as `SearchRequest.from_mapping` takes them.

    Raises:
        RequestError: An option is unknown or wrong.
    """

    def __init__(
        self,
        start: Start,
        *,
        variables: Callable[[], Mapping[str, Any]],
        data: Any = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        request = SearchRequest.from_mapping(options or {})
        self._start, self._variables, self._data = start, variables, data
        self._given = {name: value for name, value in (options or {}).items() if name not in _SHOWN}
        self._filling = False
        self._asked = 0
        self._build(request, budget=(options or {}).get("budget", "30m"))
        self._choose_data()

    # ---- what it says ------------------------------------------------------------------------------------------------

    @property
    def options(self) -> dict[str, Any]:
        """The options as they stand, for `SearchRequest.from_mapping`."""
        texts = [box.value for box in (self.text, self.pair) if box.value not in (DETECT, NONE)]
        models = [name for name in self.models.value if name != ALL_MODELS]
        return {
            **self._given,
            "text": texts or None,
            "label": None if self.label.value == DETECT else self.label.value,
            "budget": self.budget.value,
            "objectives": OBJECTIVES[self.objectives.value],
            "models": models or None,
            "methods": [box.description for box in self.methods if box.value],
        }

    @property
    def chosen(self) -> Any:
        """The data as it stands: an object, or a path or hub id."""
        if self.data.value == GIVEN:
            return self._data
        return self.file.value if self.data.value == FILE else self._variables().get(self.data.value)

    def code(self) -> str:
        """The cell that does the same.

        Raises:
            RequestError: An option is wrong.
        """
        is_file = self.data.value == FILE or isinstance(self.chosen, str)
        name = str(self.chosen) if is_file else "data" if self.data.value == GIVEN else self.data.value
        return python_code(name, "file" if is_file else "variable", self.options)

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _build(self, request: SearchRequest, *, budget: Any) -> None:
        wide, style = {"width": "32em"}, {"description_width": "9em"}
        drop = {"layout": wide, "style": style}
        objective = next((name for name, wanted in OBJECTIVES.items() if tuple(wanted) == request.objectives), "f1")
        self.data = widgets.Dropdown(description="data", **drop)
        self.file = widgets.Text(description="path or id", continuous_update=False, **drop)
        self.again = widgets.Button(description="Look again", tooltip="Read the variables of the kernel once more")
        self.text = widgets.Dropdown(description="text column", options=[DETECT], **drop)
        self.pair = widgets.Dropdown(description="second text", options=[NONE], **drop)
        self.label = widgets.Dropdown(description="label column", options=[DETECT], **drop)
        self.budget = widgets.Text(description="time budget", value=str(budget), **drop)
        self.objectives = widgets.Dropdown(description="aim", options=list(OBJECTIVES), value=objective, **drop)
        self.models = widgets.SelectMultiple(description="models", options=[ALL_MODELS], rows=5, **drop)
        self.methods = [
            widgets.Checkbox(description=name, value=name in request.methods, indent=False, layout={"width": "7em"})
            for name in METHODS
        ]
        self.go = widgets.Button(description="Start", button_style="primary", tooltip="Start the search")
        self.show_code = widgets.Button(description="Show code", tooltip="The Python that does the same")
        methods = widgets.HBox([widgets.Label("methods", layout=_LABEL), *self.methods])
        self.preview, self.message = widgets.HTML(), widgets.HTML()
        self._wanted = (request.text, request.label, request.models)
        self.widget = widgets.VBox(
            [
                widgets.HBox([self.data, self.again]), self.file, self.text, self.pair, self.label, self.preview,
                self.budget, self.objectives, self.models, methods,
                widgets.HBox([self.go, self.show_code]), self.message,
            ]
        )  # fmt: skip
        self._connect()

    def _connect(self) -> None:
        self.again.on_click(lambda _: self._choose_data())
        self.go.on_click(lambda _: self._begin())
        self.show_code.on_click(lambda _: self._show_code())
        for box in (self.data, self.file):
            box.observe(lambda _: self._look(fresh=True), "value")
        for box in (self.text, self.pair, self.label):
            box.observe(lambda _: self._look(fresh=False), "value")
        in_thread(self._fill_models, self.complain)

    def complain(self, text: str) -> None:
        """Show an error."""
        self.message.value = paragraph(text, alert=True)
        self.go.disabled = False

    def _choose_data(self) -> None:
        names = [found.name for found in list_variables(self._variables())]
        options = [*([GIVEN] if self._data is not None else []), *names, FILE]
        before = self.data.value
        self._filling = True
        self.data.options = options
        self.data.value = before if before in options else options[0]
        self._filling = False
        self._look(fresh=True)

    def _fill_models(self) -> None:
        rows = [row for row in list_models() if row.fits]
        named = [(f"{row.id} ({row.parameters_millions:g} M, {row.reason.partition(';')[0]})", row.id) for row in rows]
        wanted = self._wanted[2] or ()
        named += [(name, name) for name in wanted if name not in {row.id for row in rows}]
        self.models.options = [(ALL_MODELS, ALL_MODELS), *named]
        self.models.value = tuple(wanted) or (ALL_MODELS,)

    def _look(self, *, fresh: bool) -> None:
        """Preview the data beside the shell; `fresh` data has its columns detected anew."""
        self.file.layout.display = "" if self.data.value == FILE else "none"
        if self._filling:
            return
        self._asked += 1
        asked, data = self._asked, self.chosen
        if data is None or (isinstance(data, str) and not data.strip()):
            self.preview.value = paragraph("Name a file, a folder or a data set of the hub, or make a DataFrame.")
            return
        text, label = (self._wanted[0], self._wanted[1]) if fresh else (self.options["text"], self.options["label"])
        in_thread(lambda: self._fill(asked, data, text, label), self._say_preview)

    def _fill(self, asked: int, data: Any, text: Any, label: str | None) -> None:
        from xautolm_nb.jupyter.preview import preview_data

        found = preview_data(data, text=text, label=label)
        if asked != self._asked:  # something else was chosen meanwhile
            return
        names = [column.name for column in found.columns]
        self._filling = True
        for box, first, wanted in (
            (self.text, DETECT, found.text[0] if found.text else DETECT),
            (self.pair, NONE, found.text[1] if len(found.text) > 1 else NONE),
            (self.label, DETECT, found.label if found.label is not None else DETECT),
        ):
            box.options = [first, *names]
            box.value = wanted
        self._filling = False
        self.preview.value = preview_html(found)

    def _say_preview(self, text: str) -> None:
        self.preview.value = paragraph(text, alert=True)

    def _show_code(self) -> None:
        try:
            self.message.value = f"<pre>{escape(self.code())}</pre>"
        except Exception as error:  # a wrong option, shown where the code would be
            self.complain(str(error))

    def _begin(self) -> None:
        self.go.disabled = True  # one click, one search
        self.message.value = paragraph("Checking the data ...")
        in_thread(lambda: self._start(self.chosen, self.options), self.complain)


_SHOWN = ("text", "label", "budget", "objectives", "models", "methods")
"""Options the form has a field for; others are passed on as given."""


def preview_html(preview: Preview) -> str:
    """Rows, classes, lengths and warnings in a few lines; every text escaped."""
    parts = [f"{preview.rows} rows"]
    if preview.classes:
        named = [f"{escape(each.label)} ({each.count})" for each in preview.classes[:SHOWN_CLASSES]]
        more = ", ..." if preview.class_total > SHOWN_CLASSES else ""
        parts.append(f"{preview.class_total} classes: {', '.join(named)}{more}")
    if preview.lengths.edges:
        parts.append(f"{preview.lengths.edges[0]:.0f} to about {preview.lengths.edges[-1] - 1:.0f} words a text")
    sample = f"<div><q>{escape(preview.samples[0][0])}</q></div>" if preview.samples and preview.samples[0] else ""
    warned = "".join(paragraph(f"⚠ {warning}", alert=True) for warning in preview.warnings)
    return f"<div>{' · '.join(parts)}</div>{sample}{warned}"
