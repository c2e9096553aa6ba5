"""The grammar of the command line and the magic: verbs and their options."""

import argparse
from collections.abc import Mapping
from typing import Any, NoReturn

from xautolm_nb.core.errors import RequestError
from xautolm_nb.request import METHODS, OBJECTIVES, OPTIMIZERS

PLOTS = ("overview", "anytime", "pareto", "curves", "parallel", "failures", "calibration", "cost")
"""Figures by name, as `xautolm_nb.plots` knows them; `overview` are the first three side by side."""


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the process, so that a notebook survives a typing error."""

    def error(self, message: str) -> NoReturn:
        raise RequestError(f"{message[0].upper()}{message[1:]}.", hint=f"See: {self.prog} --help")


def parser(prog: str = "xautolm") -> argparse.ArgumentParser:
    """The grammar. `--help` prints and raises SystemExit(0); wrong use raises RequestError."""
    top = _Parser(prog=prog, description="Search model, fine-tuning method and hyperparameters for a text task.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    _add_start(verbs)
    for name, text in (("status", "show a study"), ("pause", "hold a running study"), ("stop", "end a running study"),
                       ("attach", "follow a study until it ends"), ("best", "show the best trial")):  # fmt: skip
        _add_common(verbs.add_parser(name, help=text), study=True)
    trial = verbs.add_parser("stop-trial", help="end one trial and leave it where it is")
    trial.add_argument("number", type=int, help="number of the trial")
    _add_common(trial, study=True)
    resume = _add_common(verbs.add_parser("resume", help="go on after a pause, a stop or a crash"), study=True)
    resume.add_argument("--budget", help="more time, such as 10m")
    report = _add_common(verbs.add_parser("report", help="score the best pipeline on the test split"), study=True)
    report.add_argument("--default", action="store_true", help="also fine-tune the default configuration")
    export = _add_common(verbs.add_parser("export", help="write the best model to a folder"), study=True)
    export.add_argument("--to", required=True, metavar="FOLDER", help="a new or empty folder")
    plot = verbs.add_parser("plot", help="show or write a figure of a study")
    plot.add_argument("kind", choices=PLOTS, help="what it shows: %(choices)s", metavar="KIND")
    _add_common(plot, study=True)
    plot.add_argument("--to", metavar="FILE", help="write it to a file that ends with .svg, .pdf or .png")
    plot.add_argument("--dark", action="store_true", help="for a dark page")
    _add_common(verbs.add_parser("studies", help="list the studies"))
    describe = _add_common(verbs.add_parser("describe", help="meta-features of a data set"))
    describe.add_argument("data", help="a file, a folder, a hub id or (in a notebook) a variable")
    _add_columns(describe)
    machine = _add_common(verbs.add_parser("machine", help="this machine, and which models fit"))
    machine.add_argument("--models", help="comma-separated models; default: the pool")
    _add_trust(machine)
    machine.add_argument("--device", choices=("cpu", "cuda", "mps"))
    _add_store(verbs.add_parser("store", help="the experience store"))
    return top


def _add_common(sub: argparse.ArgumentParser, *, study: bool = False) -> argparse.ArgumentParser:
    if study:
        sub.add_argument("study", nargs="?", default="last", help="id, name or beginning of an id; default: the last")
    sub.add_argument("--json", action="store_true", help="write JSON")
    sub.add_argument("--store", metavar="PATH_OR_URL", help="the experience store; default: the user's data folder")
    return sub


def _add_columns(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--text", help="text column, or two separated by a comma; default: detected")
    sub.add_argument("--label", help="target column; default: detected")
    sub.add_argument("--group", help="rows with equal values here stay in one split")


def _add_trust(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--trust-code", action="append", metavar="MODEL@PIN",
                     help="allow a model's own code: ORG/NAME@COMMIT or FOLDER@sha256:HASH; repeatable")  # fmt: skip


def _add_start(verbs: Any) -> None:
    start = _add_common(verbs.add_parser("start", help="start a search"))
    start.add_argument("data", help="a file, a folder, a hub id or (in a notebook) a variable")
    _add_columns(start)
    start.add_argument("--name", help="a name for the study")
    start.add_argument("--budget", help="wall-clock time, such as 30m; default 30m")
    start.add_argument("--grace", help="how long a running trial may go on past the budget")
    start.add_argument("--objectives", help=f"one score, then optionally seconds; of {', '.join(OBJECTIVES)}")
    start.add_argument("--models", help="comma-separated hub ids, folders or names of the pool")
    _add_trust(start)
    start.add_argument("--methods", help=f"comma-separated, of {', '.join(METHODS)}")
    start.add_argument("--max-epochs", type=int)
    start.add_argument("--max-trials", type=int)
    start.add_argument("--workers", type=int, help="trials beside each other; default: one on each GPU, one on a CPU")
    start.add_argument("--max-rows", type=int, help="cap of the training rows")
    start.add_argument("--rungs", help="fidelities, such as 0.25,0.5,1")
    start.add_argument("--trial-timeout", help="longest time of one trial in one go")
    start.add_argument("--validation", type=float, help="share for validation where the data has no such split")
    start.add_argument("--test", type=float, help="share for the test split; 0 for none")
    start.add_argument("--seed", type=int)
    start.add_argument("--keep", type=int, help="checkpoints of this many best trials are kept")
    start.add_argument("--disk-gib", type=float, help="room for the checkpoints of all trials")
    start.add_argument("--worker-memory-gib", type=float, help="host memory at which a worker is ended")
    start.add_argument("--device", choices=("cpu", "cuda", "mps"))
    start.add_argument("--optimizer", choices=OPTIMIZERS)
    start.add_argument("--no-prior", dest="use_prior", action="store_false", default=None,
                       help="do not use past experience")  # fmt: skip
    start.add_argument("--no-starter", dest="use_starter", action="store_false", default=None,
                       help="begin from nothing while the store is empty")  # fmt: skip


def _add_store(store: argparse.ArgumentParser) -> None:
    actions = store.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=_Parser)
    _add_common(actions.add_parser("info", help="what it holds"))
    bring = _add_common(actions.add_parser("import", help="records of others: autogoal folders, CSV, Parquet"))
    bring.add_argument("path")
    bring.add_argument("--on-error", choices=("raise", "skip"), default="raise", help="what to do with a bad record")
    send = _add_common(actions.add_parser("export", help="write a Parquet file that can be shared"))
    send.add_argument("path")
    merge = _add_common(actions.add_parser("merge", help="take over the experiences of another store"))
    merge.add_argument("other", help="path or URL of the other store")
    doctor = _add_common(actions.add_parser("doctor", help="check the store"))
    doctor.add_argument("--repair", action="store_true", help="mend what can be mended without loss")


def options_by_verb() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Every verb with its options and the values an option is limited to, for completion; `store info` is a verb."""
    return _options_of(parser(), "")


def _options_of(part: argparse.ArgumentParser, name: str) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    options: dict[str, tuple[str, ...]] = {}
    for action in part._actions:  # argparse shows its grammar nowhere else
        if isinstance(action, argparse._SubParsersAction):
            for verb, sub in action.choices.items():
                found |= _options_of(sub, f"{name} {verb}".strip())
        else:
            options |= {option: tuple(action.choices or ()) for option in action.option_strings if option[:2] == "--"}
    return found or {name: options}
