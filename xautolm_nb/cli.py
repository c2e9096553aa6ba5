"""`xautolm` and `python -m xautolm_nb`: the verbs in a terminal."""

import json
import sys
import warnings
from collections.abc import Sequence

from xautolm_nb.core.errors import RequestError, SpaceError, TaskError, XAutoLMError

WRONG_USE = (RequestError, TaskError, SpaceError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb. Exit code 0 for success, 1 for failure, 2 for wrong use, 130 for an interrupt."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            return _run(words)
    except XAutoLMError as error:
        _say_error(error, as_json="--json" in words)
        return 2 if isinstance(error, WRONG_USE) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


def _run(words: Sequence[str]) -> int:
    from xautolm_nb.terminal import follow
    from xautolm_nb.verbs import finish, run_verb

    result = run_verb(words)
    if result.follow is not None:
        follow(result.follow)
        result = finish(result.follow)
    as_json = "--json" in words
    print(json.dumps(result.data, indent=2, ensure_ascii=False, default=str) if as_json else result.text)
    return 0


def _say_warning(message: Warning | str, category: type[Warning], *where: object, **more: object) -> None:
    """Tell a user's warning as one line; those of libraries go to developers, not to a terminal."""
    if category.__module__.startswith("xautolm_nb"):
        print(f"xautolm: note: {message}", file=sys.stderr)


def _say_error(error: XAutoLMError, *, as_json: bool) -> None:
    line = " ".join(str(error).split())
    print(f"xautolm: {line}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": error.message, "hint": error.hint, "type": type(error).__name__}))
