"""The Python that does what a form says, as a person would write it: only what differs from the defaults."""

import keyword
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from xautolm_nb.core.errors import RequestError
from xautolm_nb.jupyter.objects import Source
from xautolm_nb.options import ALIASES, duration_text
from xautolm_nb.request import SearchRequest
from xautolm_nb.store.location import without_password

_SHORT = {field: alias for alias, field in ALIASES.items()}
_NAMES = ("text", "models", "methods")
"""Options that take one name as well as several; a name with a comma stays in a list, or it would be cut there."""
_WIDTH = 100


def python_code(data: str, source: Source, options: Mapping[str, Any], *, store: str | None = None) -> str:
    """Write the cell that starts this search.

    Args:
        data: Name of a variable, or a file or hub id.
        source: Which of the two.
        options: As `SearchRequest.from_mapping` takes them.
        store: The experience store; None is the user's own. A password is left out: notebooks are shared, and the
            driver finds it in PGPASSWORD or ~/.pgpass.

    Raises:
        RequestError: An option is wrong, or `data` is no name of a variable.
    """
    if source == "variable" and (not data.isidentifier() or keyword.iskeyword(data)):
        raise RequestError(f"{data!r} is no name of a variable.", hint="Choose one of the kernel's variables.")
    first = data if source == "variable" else repr(data)
    named = [f"{name}={_literal(value)}" for name, value in changed_options(options).items()]
    named += [f"store={without_password(store)!r}"] if store is not None else []
    return f"%load_ext xautolm_nb\nfrom xautolm_nb import tune\n\nsession = {_call('tune', [first, *named])}\n"


def changed_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that differ from their defaults, by the names people use.

    Raises:
        RequestError: One is unknown or wrong.
    """
    request, default = SearchRequest.from_mapping(options), SearchRequest()
    changed = {}
    for field in fields(SearchRequest):
        value = getattr(request, field.name)
        if value == getattr(default, field.name):
            continue
        if field.name in _SHORT:
            value = duration_text(value) if value else 0
        elif field.name in _NAMES and len(value) == 1 and "," not in value[0]:
            value = value[0]
        changed[_SHORT.get(field.name, field.name)] = value
    return changed


def _literal(value: Any) -> str:
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _call(function: str, arguments: list[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) + len("session = ") <= _WIDTH:
        return line
    return f"{function}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"
