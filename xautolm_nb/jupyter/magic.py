"""`%xautolm VERB ...` and `%%xautolm`: the verbs of the command line, returning objects."""

import re
import shlex
import tomllib
from collections.abc import Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class

from xautolm_nb.core.errors import XAutoLMError
from xautolm_nb.jupyter.kernel import connect

_NOTHING = ("", "~", "null", "none")


@magics_class
class XAutoLMMagics(Magics):
    """The magics of the package; `%xautolm --help` lists the verbs."""

    @line_cell_magic
    def xautolm(self, line: str, cell: str | None = None) -> Any:
        """Run a verb, or start a search with the options of the cell's body (TOML or YAML).

        `%xautolm start df --label y --budget 10m` starts a search and returns its session at once, and so do
        `%%xautolm df` and lines such as `label = "y"` or `label: y` below it. `%xautolm --help` lists the verbs.
        """
        try:
            if cell is not None:
                return self._start_from_body(line, cell)
            return self._run(line)
        except XAutoLMError as error:
            raise UsageError(" ".join(str(error).split())) from None
        except SystemExit:  # help was asked for and printed
            return None

    def _run(self, line: str) -> Any:
        from xautolm_nb.verbs import run_verb

        result = run_verb(_words(line), variables=self.shell.user_ns, prog="%xautolm")
        if result.follow is not None:
            connect(self.shell).show(result.follow)
            return result.value
        if self._stands_alone(line) and not result.shows_itself:
            print(result.text)
            return None
        return result.value

    def _stands_alone(self, line: str) -> bool:
        """Whether the cell has it as a line of its own, which is answered in words; all else gets the object."""
        cell = self.shell.history_manager.input_hist_raw[-1]
        lines = re.findall(r"^\s*%?xautolm[ \t]+(.*)$", cell, re.MULTILINE)
        return any(self.shell.var_expand(said, 1).strip() == line.strip() for said in lines)

    def _start_from_body(self, line: str, cell: str) -> Any:
        from xautolm_nb.session import start_session

        words = _words(line)
        words = words[1:] if words[:1] == ["start"] else words
        if words[:1] in (["--help"], ["-h"]):
            return self._run("start --help")
        if len(words) != 1:
            raise UsageError("%%xautolm expects one variable or file on its first line; options go into the body.")
        options = read_body(cell)
        store = options.pop("store", None)
        session = start_session(self.shell.user_ns.get(words[0], words[0]), store=store, options=options)
        connect(self.shell).show(session)
        return session


def read_body(text: str) -> dict[str, Any]:
    """Read the options of a cell: lines of TOML (`label = "y"`) or of YAML (`label: y`).

    Raises:
        UsageError: It is neither.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        toml = str(error)
    read = _read_yaml(text)
    if read is None:
        raise UsageError(f'The body is neither TOML nor YAML ({toml}). Write lines such as label = "y" or label: y.')
    return {str(name): value for name, value in read.items()}


def _read_yaml(text: str) -> Mapping[str, Any] | None:
    """Values stay text, as `from_mapping` reads it: a column called `yes` or `on` is not a truth value."""
    import yaml

    try:
        read = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return None
    if not isinstance(read, Mapping):
        return None
    return {name: None if str(value).lower() in _NOTHING else value for name, value in read.items()}


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"The line cannot be read: {error}.") from None


def load(shell: Any) -> None:
    """Register the magics, and open the comms."""
    shell.register_magics(XAutoLMMagics)
    connect(shell)
