"""`%xautolm VERB ...` and `%%xautolm`: the verbs of the command line, returning objects."""

import shlex
import tomllib
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class

from xautolm_nb.core.errors import XAutoLMError
from xautolm_nb.jupyter.display import LiveView
from xautolm_nb.session import Session, start_session
from xautolm_nb.verbs import run_verb


@magics_class
class XAutoLMMagics(Magics):
    """The magics of the package; `%xautolm --help` lists the verbs."""

    @line_cell_magic
    def xautolm(self, line: str, cell: str | None = None) -> Any:
        """Run a verb, or start a search with the options of the cell's body (TOML).

        `%xautolm start df --label y --budget 10m` starts and returns a session at once. In a cell,
        `%%xautolm df` takes options as lines of TOML: `label = "y"`, `budget = "10m"`.
        """
        try:
            if cell is not None:
                return self._start_from_body(line, cell)
            return self._run(shlex.split(line))
        except XAutoLMError as error:
            raise UsageError(" ".join(str(error).split())) from None
        except SystemExit:
            return None

    def _run(self, words: list[str]) -> Any:
        result = run_verb(words, variables=self.shell.user_ns, prog="%xautolm")
        if result.follow is not None:
            LiveView(result.follow).show()
        elif not isinstance(result.value, Session) or words[0] == "status":
            print(result.text)
        return result.value if result.follow is not None or words[0] not in _SHOWN else None

    def _start_from_body(self, line: str, cell: str) -> Session:
        words = shlex.split(line)
        words = words[1:] if words[:1] == ["start"] else words
        if len(words) != 1:
            raise UsageError("%%xautolm expects one variable or file on its first line; options go into the body.")
        try:
            options = tomllib.loads(cell)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f'The body of %%xautolm is not TOML: {error}. Write lines such as label = "y".') from None
        store = options.pop("store", None)
        session = start_session(self.shell.user_ns.get(words[0], words[0]), store=store, options=options)
        LiveView(session).show()
        return session


_SHOWN = ("status", "best", "report", "studies", "describe", "machine", "store", "pause", "stop")
"""Verbs whose text is printed; their value is kept out of the cell's output."""
