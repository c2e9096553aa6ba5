"""Runs cases: case `n` of a surface is always the same for the same seed and corpus."""

import json
import random
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz.mutate import mutated
from fuzz.surfaces import SURFACES, Surface, Tree, pick

import xautolm_nb

PACKAGE = str(Path(xautolm_nb.__file__).parent) + "/"
CASE_SECONDS = 10.0
"""Processor time a case may take: all of them together are bounded by it, so nothing hangs."""


class Hang(Exception):
    """A case took far too long."""


@dataclass
class Finding:
    """A case that was neither taken nor refused as it should be."""

    surface: str
    number: int
    tree: str
    """As JSON."""
    error: str

    def __str__(self) -> str:
        return f"{self.surface} case {self.number}: {self.error}\n{self.tree[:4000]}"


@dataclass
class Tally:
    """What a run did."""

    cases: int = 0
    seconds: float = 0.0
    lines: int = 0
    """Lines reached while the corpus grew."""
    corpus: int = 0
    findings: list[Finding] = field(default_factory=list)


def run(name: str, *, seed: int, start: int, cases: int, learn: int) -> Tally:
    """Judge cases `start` to `start + cases` of a surface.

    Args:
        name: The surface.
        seed: Names the sequence of cases.
        start: Number of the first case.
        cases: How many.
        learn: So many cases of negative numbers run before the others, under a trace: those that reach new lines
            join the corpus.
    """
    surface = SURFACES[name]
    began = time.monotonic()
    tally = Tally()
    corpus = surface.seeds()
    with _limited():
        seen: set[tuple[str, int]] = set()
        for number in range(learn):
            before = -1 - number - start
            tree = case(corpus, name, seed, before)
            with _traced(surface, seen) as new:
                found = judge(surface, name, before, tree)
            tally.findings += found
            if new() and not found and "[" * 50 not in json.dumps(tree):  # what is deep would only grow deeper
                corpus.append(tree)
        tally.lines, tally.corpus = len(seen), len(corpus)
        for number in range(start, start + cases):
            tally.findings += judge(surface, name, number, case(corpus, name, seed, number))
    tally.cases, tally.seconds = learn + cases, time.monotonic() - began
    return tally


def run_block(seed: int, learn: int, job: tuple[str, int, int]) -> Tally:
    """Run a block of cases, given as surface, first case and number of cases, in a process of its own."""
    name, start, cases = job
    return run(name, seed=seed, start=start, cases=cases, learn=learn)


def case(corpus: list[Tree], name: str, seed: int, number: int) -> Tree:
    """Case `number`: an input of the corpus, changed. The kind of input never changes."""
    rng = random.Random(f"{name} {seed} {number}")
    ((kind, data),) = pick(corpus, rng).items()
    return {kind: mutated(data, rng)}


def judge(surface: Surface, name: str, number: int, tree: Tree) -> list[Finding]:
    """Judge one case; an empty list when all is well."""
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, CASE_SECONDS)
        surface.judge(tree)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {str(error)[:300]} ({Path(last.filename).name}:{last.lineno})"
        return [Finding(surface=name, number=number, tree=json.dumps(tree), error=said)]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return []


@contextmanager
def _limited() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Hang(f"it computed for {CASE_SECONDS:.0f} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _traced(surface: Surface, seen: set[tuple[str, int]]) -> Iterator[Any]:
    """Add the lines that are reached to `seen`; what is yielded tells afterwards whether there were new ones."""
    wanted = tuple(PACKAGE + module for module in surface.modules)
    before = len(seen)

    def line(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            seen.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame: FrameType, _event: str, _argument: object) -> Any:
        return line if frame.f_code.co_filename.startswith(wanted) else None

    previous = sys.gettrace()
    sys.settrace(call)
    try:
        yield lambda: len(seen) > before
    finally:
        sys.settrace(previous)
