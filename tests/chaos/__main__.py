"""`python -m chaos [faults | soak] ...`, with `tests` on the path."""

import argparse
import json
import signal
import sys
from pathlib import Path

from chaos.campaign import REAL_SHARE, campaign, is_good, table


def main() -> int:
    """Run what the command line asks for; 0 when all that must hold did hold."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("faults", "soak"), default="faults")
    parser.add_argument("--faults", type=int, default=200, help="how many faults")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="kept after every case; a campaign of the same seed goes on from it")
    parser.add_argument("--real", type=float, default=REAL_SHARE, help="share of faults that strike real fine-tuning")
    parser.add_argument("--seconds", type=float, default=3600.0, help="of a soak")
    parser.add_argument("--fault-every", type=float, default=20.0, help="seconds between the faults of a soak")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was mounted and started is taken back all the same
    if options.what == "soak":
        from chaos.soak import is_sound, soak

        figures = soak(options.seconds, options.fault_every, options.seed, real=options.real > 0)
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(figures, indent=1) + "\n")
        print(json.dumps(figures, indent=1))
        return 0 if is_sound(figures) else 1
    figures = campaign(options.faults, options.seed, options.json, real=options.real)
    print(table(figures))
    return 0 if is_good(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
