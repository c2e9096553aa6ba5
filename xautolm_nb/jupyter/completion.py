"""What may follow in a line of `%xautolm`: verbs, options, their values, variables of the kernel and their columns."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from xautolm_nb.jupyter.variables import list_variables

_LINE = re.compile(r"^\s*(?:[\w, ]+=\s*)?(%%?)xautolm\s(.*)$")
_TAKES_DATA = ("start", "describe")
_TAKES_STUDY = ("status", "pause", "stop", "attach", "best", "resume", "report", "export")
_COLUMNS = ("--text", "--label", "--group")
_MOST_STUDIES = 20


def matcher(shell: Any) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """A completer for IPython that speaks only in lines of our magic, and then alone."""

    @context_matcher(identifier="xautolm", priority=100)
    def complete(context: CompletionContext) -> SimpleMatcherResult:
        found = complete_line(context.line_with_cursor, context.token, shell.user_ns)
        completions = [SimpleCompletion(text=text, type="magic") for text in found or ()]
        return {"completions": completions, "suppress": found is not None}

    speaking: Callable[[CompletionContext], SimpleMatcherResult] = complete
    return speaking


def complete_line(line: str, token: str, variables: Mapping[str, Any]) -> list[str] | None:
    """What `token` at the end of `line` may become; None where the line is not ours or we know nothing better."""
    match = _LINE.match(line)
    if match is None:
        return None
    before = match[2][: len(match[2]) - len(token)] if match[2].endswith(token) else match[2]
    words = before.split()
    if match[1] == "%%":
        words = ["start", *words]
    candidates = _candidates(words, token, variables, comma=before.rstrip().endswith(","))
    return None if candidates is None else [text for text in candidates if text.startswith(token)]


def _candidates(words: Sequence[str], token: str, variables: Mapping[str, Any], *, comma: bool) -> Sequence[str] | None:
    from xautolm_nb.grammar import options_by_verb

    grammar = options_by_verb()
    verb = next((name for name in (" ".join(words[:2]), *words[:1]) if name in grammar), None)
    if verb is None:
        return _verbs(grammar, words)
    rest = words[len(verb.split()) :]
    last = rest[-2] if comma and len(rest) > 1 else rest[-1] if rest else ""
    if last in grammar[verb]:
        return _values(last, grammar[verb][last], rest, variables)
    if token.startswith("-"):
        return [option for option in grammar[verb] if option not in rest]
    return _positional(verb, rest, variables) or [option for option in grammar[verb] if option not in rest]


def _verbs(grammar: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """The next word of a verb, which may have two."""
    so_far = len(words)
    longer = [name for name in map(str.split, grammar) if len(name) > so_far and name[:so_far] == [*words]]
    return list(dict.fromkeys(name[so_far] for name in longer))


def _values(
    option: str, choices: Sequence[str], rest: Sequence[str], variables: Mapping[str, Any]
) -> Sequence[str] | None:
    from xautolm_nb.request import METHODS, OBJECTIVES

    if option in _COLUMNS:
        return [column for known in list_variables(variables) if known.name in rest for column in known.columns]
    if option == "--models":
        from xautolm_nb.space.models import LOCAL_PACKAGES
        from xautolm_nb.space.pool import DEFAULT_POOL

        return [*LOCAL_PACKAGES, *(model.id for model in DEFAULT_POOL)]
    known = {"--methods": METHODS, "--objectives": OBJECTIVES, "--budget": ("10m", "30m", "1h", "8h")}
    return known.get(option) or choices or None  # of a path or a number nothing is known


def _positional(verb: str, rest: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    from xautolm_nb.grammar import PLOTS

    if verb in _TAKES_DATA and not rest:
        files = [path.name for kind in ("csv", "jsonl", "parquet") for path in sorted(Path().glob(f"*.{kind}"))]
        return [*(known.name for known in list_variables(variables)), *files]
    if verb == "plot" and not rest:
        return [*PLOTS]
    if (verb in _TAKES_STUDY and not rest) or (verb == "plot" and len(rest) == 1):
        return _studies()
    return []


def _studies() -> list[str]:
    from xautolm_nb.core.errors import StoreError
    from xautolm_nb.store import ExperienceStore

    try:
        with ExperienceStore.open() as store:
            records = store.studies()[:_MOST_STUDIES]
    except StoreError:  # no store to ask is no reason to fail while typing
        return []
    return ["last", *dict.fromkeys(name for record in records for name in (record.id, record.name) if " " not in name)]
