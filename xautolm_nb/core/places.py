"""Places on somebody's machine, taken out of text that travels: folders name users, projects and hosts."""

import re
from typing import Final

_NAME: Final = r"[^\s/\\:\"'<>|(),;]+"
_QUOTED: Final = r"[^\"'\n/\\]+"
_TOP: Final = r"(?:[A-Za-z]:[/\\]|\\\\|/)"
_HOMES: Final = r"(?:/home/|/Users/|[A-Za-z]:\\Users\\)"
_RULES: Final = (
    (re.compile(r"(?:file://)+(?=/)"), ""),
    # A quoted path may hold spaces; an unquoted one ends with the word. An address (https://...) is no place.
    (re.compile(rf"(?<=[\"']){_HOMES}{_QUOTED}(?=[\"'/\\])"), "~"),
    (re.compile(rf"(?<![\w.:/\\~-]){_HOMES}{_NAME}"), "~"),
    (re.compile(rf"(?<=[\"'])(?:~[/\\](?:{_QUOTED}[/\\])*|{_TOP}(?:{_QUOTED}[/\\])+)(?={_QUOTED}[/\\]?[\"'])"), ""),
    (re.compile(rf"(?<![\w.:/\\~-])(?:~[/\\](?:{_NAME}[/\\])*|{_TOP}(?:{_NAME}[/\\])+)(?={_NAME})"), ""),
)


def without_places(text: str) -> str:
    """Return `text` with every absolute path, or one from a home folder, cut to its last name; a home becomes `~`.

    What it returned once it returns again, so that a record keeps its id however often it travels.
    """
    before = ""
    while text != before and ("/" in text or "\\" in text):  # each rule shortens, so it ends
        before = text
        for pattern, short in _RULES:
            text = pattern.sub(short, text)
    return text


def names_a_place(text: str) -> bool:
    """Whether a text names a folder of some machine."""
    return without_places(text) != text
