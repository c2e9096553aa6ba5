"""The messages between kernel and front end, version 1, and the one place that reads and checks them.

Events go from the kernel to every front end on the comm `xautolm_nb.events`; requests come on `xautolm_nb.control` and
get exactly one answer each. `python -m xautolm_nb.jupyter.protocol` prints the JSON schema of all of them.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, TypeVar, cast

import msgspec

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.serial import to_plain
from xautolm_nb.jupyter.messages import ACKS, EVENTS, REQUESTS, AnyRequest, ErrorAnswer, Message

VERSION: Literal[1] = 1
EVENTS_TARGET = "xautolm_nb.events"
CONTROL_TARGET = "xautolm_nb.control"
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

T = TypeVar("T", bound=Message)


def encode(message: Message) -> dict[str, Any]:
    """A message as plain data, ready for a comm: JSON values only, numbers finite."""
    plain: dict[str, Any] = to_plain(message)
    return plain


def read_request(data: object) -> AnyRequest:
    """Read and check what a front end sent.

    Raises:
        RequestError: It is of another version or of no known type, or a field is missing, unknown or wrong; the
            message names it.
    """
    checked = _of_this_version(data)
    kind = checked.get("type")
    if not isinstance(kind, str) or kind not in REQUESTS:
        raise RequestError(f"There is no request of type {kind!r}.", hint=f"Types are {', '.join(REQUESTS)}.")
    return cast("AnyRequest", read(checked, REQUESTS[kind]))


def read(data: object, kind: type[T]) -> T:
    """Read a message of a known type.

    Raises:
        RequestError: A field is missing, unknown or wrong.
    """
    try:
        return msgspec.convert(data, kind, strict=True)
    except (ValueError, OverflowError, RecursionError) as error:
        raise RequestError(
            f"A message of type {kind.__struct_config__.tag!r} cannot be read: {error}.",
            hint="Panel and package may be of different versions: update both.",
        ) from error


def request_id(data: object) -> str | None:
    """The id of a message, as far as it can be read."""
    found = data.get("id") if isinstance(data, Mapping) else None
    return found if isinstance(found, str) else None


def _of_this_version(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise RequestError(f"A message is an object with v, id and type, but got a {type(data).__name__}.")
    spoken = data.get("v")
    if spoken == VERSION and isinstance(spoken, int):
        return data
    newer = isinstance(spoken, int) and spoken > VERSION
    raise RequestError(
        f"This package speaks version {VERSION} of the protocol, but the panel sent v={spoken!r}.",
        hint=f"Update the {'package' if newer else 'JupyterLab extension'}, then restart kernel and page.",
    )


@cache
def package_version() -> str:
    """Version of this package."""
    try:
        return version("xautolm-nb")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0+unknown"


def schema() -> dict[str, Any]:
    """The JSON schema of all messages; `Event`, `Request` and `Answer` in its definitions are the three kinds."""
    answers: list[type[Message]] = [ErrorAnswer, *dict.fromkeys(ACKS.values())]
    groups: dict[str, list[type[Message]]] = {
        "Event": [*EVENTS.values()],
        "Request": [*REQUESTS.values()],
        "Answer": answers,
    }
    kinds = [kind for group in groups.values() for kind in group]
    references, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    by_kind = dict(zip(kinds, references, strict=True))
    for name, group in groups.items():
        definitions[name] = {"anyOf": [by_kind[kind] for kind in group]}
    return {
        "$schema": SCHEMA_DIALECT,
        "title": f"Messages between kernel and front end, version {VERSION}",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in groups],
        "$defs": dict(sorted(definitions.items())),
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
