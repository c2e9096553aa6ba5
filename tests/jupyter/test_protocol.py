"""Golden messages are made and accepted; what is wrong with a message is named."""

import json
from typing import Any

import jsonschema
import pytest
from wire_messages import ANSWERS, EVENTS, FOLDER, MESSAGES, REQUESTS, golden

from xautolm_nb.core.errors import RequestError
from xautolm_nb.jupyter.messages import ACKS, ErrorAnswer
from xautolm_nb.jupyter.messages import EVENTS as EVENT_KINDS
from xautolm_nb.jupyter.messages import REQUESTS as REQUEST_KINDS
from xautolm_nb.jupyter.protocol import encode, package_version, read, read_request, request_id, schema

AGAIN = "run: python tests/wire_messages.py"


def file_of(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_made_as_its_golden_file_has_it(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == golden(name), AGAIN


def test_there_is_a_golden_file_for_every_type_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*MESSAGES, "schema"}
    assert {f"events.{name}" for name in EVENT_KINDS} <= set(EVENTS)
    assert {f"control.{name}" for name in REQUEST_KINDS} == set(REQUESTS)
    assert {f"control.{name}.ack" for name in ACKS} <= set(ANSWERS)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_golden_request_is_accepted(name: str) -> None:
    assert encode(read_request(file_of(name))) == file_of(name)


@pytest.mark.parametrize("name", [*EVENTS, *ANSWERS])
def test_a_golden_message_of_the_kernel_reads_back(name: str) -> None:
    data = file_of(name)
    kind = EVENT_KINDS[data["type"]] if name in EVENTS else ACKS.get(name.split(".")[1], ErrorAnswer)
    kind = ErrorAnswer if data["type"] == "error" else kind
    assert encode(read(data, kind)) == data


def test_the_schema_is_the_one_on_disk() -> None:
    assert file_of("schema") == json.loads(json.dumps(schema())), AGAIN


@pytest.mark.parametrize("name", MESSAGES)
def test_the_schema_accepts_the_golden_messages(name: str) -> None:
    group = "Event" if name in EVENTS else "Request" if name in REQUESTS else "Answer"
    whole = schema()
    jsonschema.Draft202012Validator({**whole, "anyOf": [{"$ref": f"#/$defs/{group}"}]}).validate(file_of(name))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"speed": 9}, "unknown field `speed`"),
        ({"data": 7}, r"Expected `str`, got `int` - at `\$.data`"),
        ({"source": "cloud"}, r"'cloud' - at `\$.source`"),
        ({"request": ["a"]}, r"at `\$.request`"),
        ({"type": "dance"}, "no request of type 'dance'"),
        ({"type": 3}, "no request of type 3"),
        ({"type": "hello"}, "no request of type 'hello'"),
        ({"v": 2}, "v=2"),
        ({"v": "1"}, "v='1'"),
        ({"v": 1.5}, "v=1.5"),
        ({"id": None}, r"at `\$.id`"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        read_request({**file_of("control.start"), **change})


@pytest.mark.parametrize("name", REQUESTS)
def test_no_field_that_has_no_default_may_be_missing(name: str) -> None:
    data = file_of(name)
    required = schema()["$defs"][REQUEST_KINDS[data["type"]].__name__]["required"]
    assert {"v", "id", "type"} <= set(required)
    for field in required:
        without = {key: value for key, value in data.items() if key != field}
        with pytest.raises(RequestError):
            read_request(without)


@pytest.mark.parametrize("data", [None, [], "stop", 7, {}])
def test_what_is_no_message_is_refused(data: object) -> None:
    with pytest.raises(RequestError):
        read_request(data)
    assert request_id(data) is None


@pytest.mark.parametrize("limit", [0, -1, 1001, 2.5])
def test_limits_are_limited(limit: float) -> None:
    with pytest.raises(RequestError, match="limit"):
        read_request({**file_of("control.studies"), "limit": limit})


def test_a_newer_panel_asks_for_a_newer_package_and_an_older_one_for_a_newer_panel() -> None:
    with pytest.raises(RequestError) as newer:
        read_request({"v": 2, "id": "a", "type": "sync"})
    with pytest.raises(RequestError) as older:
        read_request({"v": 0, "id": "a", "type": "sync"})
    assert "Update the package" in newer.value.hint
    assert "Update the JupyterLab extension" in older.value.hint


def test_numbers_that_are_not_finite_are_sent_as_null() -> None:
    event = EVENTS["events.progress"]
    event.progress.loss = float("nan")  # type: ignore[attr-defined]
    try:
        assert encode(event)["progress"]["loss"] is None
    finally:
        event.progress.loss = 0.41  # type: ignore[attr-defined]


def test_the_version_sent_is_that_of_the_package() -> None:
    import xautolm_nb

    assert package_version() == xautolm_nb.__version__
