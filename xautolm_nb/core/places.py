"""Places on somebody's machine, taken out of text that travels: folders name users, projects and hosts."""

import re
from typing import Final

_NAME: Final = r"[^\s/\\:\"'<>|(),;]+"
_RULES: Final = (
    # A quoted path may hold spaces; an unquoted one ends with the word. An address (https://...) is no place.
    re.compile(r"(?<=[\"'])(?:~|[A-Za-z]:)?[/\\](?:[^\"'\n/\\]+[/\\])+(?=[^\"'\n/\\]*[\"'])"),
    re.compile(rf"(?<![\w.:/\\~-])(?:~|[A-Za-z]:)?[/\\](?:{_NAME}[/\\])+(?={_NAME})"),
)


def without_places(text: str) -> str:
    """Return `text` with every absolute path, or one from a home folder, cut to its last name."""
    if "/" not in text and "\\" not in text:
        return text
    for pattern in _RULES:
        text = pattern.sub("", text)
    return text


def names_a_place(text: str) -> bool:
    """Whether a text names a folder of some machine."""
    return without_places(text) != text
