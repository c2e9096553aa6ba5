"""Fuzz the four surfaces: `make fuzz`, or `PYTHONPATH=tests python -m fuzz --cases 1000000`.

Cases are divided evenly over the surfaces and the processes. A run goes on where another ended with `--start`.
Ends with 1 when something was found, and prints the inputs: add them to tests/fuzz/found.json with the mend.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from fuzz.drive import Tally, run_block
from fuzz.surfaces import SURFACES

BLOCK = 5000


def main() -> int:
    """Run from a command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1_000_000, help="in all")
    parser.add_argument("--start", type=int, default=0, help="number of the first case of each surface")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--surfaces", default=",".join(SURFACES))
    parser.add_argument("--learn", type=int, default=150, help="traced cases of each block, to grow the corpus")
    args = parser.parse_args()
    names = args.surfaces.split(",")
    share = -(-args.cases // len(names))
    jobs = [(name, args.start + first, min(BLOCK, share - first)) for first in range(0, share, BLOCK) for name in names]
    tallies = {name: Tally() for name in names}
    began = time.monotonic()
    with ProcessPoolExecutor(args.processes, mp_context=get_context("spawn")) as pool:
        work = partial(run_block, args.seed, args.learn)
        for number, ((name, _, _), tally) in enumerate(zip(jobs, pool.map(work, jobs), strict=True), 1):
            whole = tallies[name]
            whole.cases += tally.cases
            whole.lines, whole.corpus = max(whole.lines, tally.lines), max(whole.corpus, tally.corpus)
            for finding in tally.findings:
                print(f"FOUND {finding}", flush=True)
            whole.findings += tally.findings
            if number % len(names) == 0:
                print(_line(tallies, time.monotonic() - began), flush=True)
    print(_line(tallies, time.monotonic() - began))
    for name, whole in tallies.items():
        print(f"{name}: {whole.cases} cases, {whole.lines} lines reached, {len(whole.findings)} findings")
    return int(any(whole.findings for whole in tallies.values()))


def _line(tallies: dict[str, Tally], seconds: float) -> str:
    cases = sum(whole.cases for whole in tallies.values())
    found = sum(len(whole.findings) for whole in tallies.values())
    return f"{cases} cases in {seconds:.0f} s, {cases / max(seconds, 1e-9):.0f} a second, {found} findings"


if __name__ == "__main__":
    sys.exit(main())
