"""The form gathers what a search needs, shows what it would see, and starts one search for one click."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest
from tiny import tiny_frame
from wire_messages import HOSTILE, PREVIEW

from xautolm_nb.core.errors import RequestError, TaskError
from xautolm_nb.jupyter import form as forms
from xautolm_nb.jupyter.form import ALL_MODELS, DETECT, FILE, GIVEN, NONE, SearchForm, preview_html
from xautolm_nb.jupyter.objects import ModelRow
from xautolm_nb.request import SearchRequest

FRAME = tiny_frame(60)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"family": "bert", "parameters_millions": 4.4, "size_mb": 17.0, "licence": "mit"}
    found = [ModelRow(id="small", fits=True, reason="", **row), ModelRow(id="huge", fits=False, reason="no", **row)]  # type: ignore[arg-type]
    monkeypatch.setattr(forms, "list_models", lambda: found)


def make(
    start: Callable[[Any, Mapping[str, Any]], None] = lambda data, options: None,
    variables: Mapping[str, Any] | None = None,
    **more: Any,
) -> SearchForm:
    form = SearchForm(start, variables=lambda: variables or {}, **more)
    until(lambda: len(form.models.options) > 1)
    return form


def test_variables_and_files_are_offered_and_columns_detected() -> None:
    form = make(variables={"frame": FRAME, "number": 7})
    assert form.data.options == ("frame", FILE)
    until(lambda: form.label.value == "label")
    assert form.text.options == (DETECT, "text", "label") and form.pair.value == NONE
    assert "3 classes" in form.preview.value


def test_data_given_comes_first_and_options_fill_the_form() -> None:
    options = {
        "budget": "5m",
        "objectives": ["accuracy", "seconds"],
        "methods": ["lora"],
        "models": ["mine"],
        "seed": 7,
    }
    form = make(data=FRAME, options=options)
    assert form.data.value == GIVEN and form.chosen is FRAME
    until(lambda: form.label.value == "label" and form.models.value == ("mine",))
    assert form.options == {**options, "text": ["text"], "label": "label"}
    assert SearchRequest.from_mapping(form.options).seed == 7


def test_models_that_do_not_fit_are_not_offered() -> None:
    form = make(data=FRAME)
    assert [value for _, value in form.models.options] == [ALL_MODELS, "small"]
    assert form.options["models"] is None


def test_a_click_starts_one_search_with_what_the_form_says() -> None:
    started: list[tuple[Any, Mapping[str, Any]]] = []
    form = make(lambda data, options: started.append((data, options)), data=FRAME)
    until(lambda: form.label.value == "label")
    form.go.click()
    until(lambda: bool(started))
    assert form.go.disabled
    assert started[0][0] is FRAME and started[0][1]["label"] == "label"


def test_a_start_that_is_refused_says_why_and_may_be_tried_again() -> None:
    def refuse(data: Any, options: Mapping[str, Any]) -> None:
        raise TaskError(f"no {HOSTILE}")

    form = make(refuse, data=FRAME)
    form.go.click()
    until(lambda: "alert" in form.message.value)
    assert "<img" not in form.message.value and not form.go.disabled


def test_other_columns_are_previewed_and_the_last_choice_wins() -> None:
    form = make(data=FRAME.assign(topic=FRAME["label"].str.upper()))
    until(lambda: form.label.value == "label")
    form.label.value = "topic"
    until(lambda: "FRUIT" in form.preview.value)
    assert form.options["label"] == "topic"


def test_a_late_preview_of_older_data_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    from xautolm_nb.jupyter import preview

    go, real = threading.Event(), preview.preview_data

    def slow(data: Any, **options: Any) -> Any:
        if "older" in data:
            go.wait(10)
        return real(data, **options)

    older = FRAME.rename(columns={"text": "older"})
    form = make(variables={"older": older, "frame": FRAME})
    until(lambda: form.label.value == "label")
    monkeypatch.setattr(preview, "preview_data", slow)
    form.again.click()
    form.data.value = "frame"
    until(lambda: form.text.value == "text")
    go.set()
    time.sleep(0.3)
    assert form.text.value == "text"


def test_a_file_has_a_field_of_its_own() -> None:
    form = make()
    assert form.data.value == FILE and form.file.layout.display == ""
    assert "Name a file" in form.preview.value
    form.file.value = "nothing.csv"
    until(lambda: "alert" in form.preview.value)
    assert form.chosen == "nothing.csv"
    assert "tune('nothing.csv'" in form.code()


def test_the_code_is_shown_and_a_wrong_option_instead_of_it() -> None:
    form = make(variables={"frame": FRAME})
    until(lambda: form.label.value == "label")
    form.show_code.click()
    assert "tune(frame, text=&#x27;text&#x27;" in form.message.value
    form.budget.value = "soon"
    form.show_code.click()
    assert "positive duration" in form.message.value


def test_wrong_options_are_refused_at_once() -> None:
    with pytest.raises(RequestError, match="bugdet"):
        SearchForm(lambda data, options: None, variables=dict, options={"bugdet": 1})


def test_hostile_names_stay_text_in_the_preview() -> None:
    assert "<img" not in preview_html(PREVIEW)
    frame = pd.DataFrame({HOSTILE: ["a", "b", "c"] * 9, "label": [HOSTILE, "y", "z"] * 9})
    form = make(data=frame)
    until(lambda: form.label.value == "label")
    assert form.text.value == HOSTILE
    assert "<img" not in form.preview.value
