"""Passwords and access tokens, taken out of text that is kept or shown."""

import re
from typing import Final

HIDDEN: Final = "***"

_RULES: Final = (
    # A password may hold an unquoted `/` or `@`, so what is hidden ends with the last `@` of the word.
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}:/{1,3}[^\s:/@'\"]{0,200}:)[^\s'\"]*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)((?:password|passwd)\s?=\s?)[^\s&'\",)]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b((?:hf|api_org)_)[A-Za-z0-9]{16,}"), rf"\1{HIDDEN}"),
)
_SIGNS: Final = (":/", "hf_", "api_org_")


def without_secrets(text: str) -> str:
    """Return `text` with `***` for the passwords of URLs and connection strings and for access tokens of the hub.

    Works on JSON as well: what is replaced never holds a quote.
    """
    if not any(sign in text for sign in _SIGNS) and "passw" not in text.lower():
        return text
    for pattern, hidden in _RULES:
        text = pattern.sub(hidden, text)
    return text
