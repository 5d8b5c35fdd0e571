"""Soak the integration: telephoning and faults at random, held against the truth."""

import argparse
import asyncio
import logging
import random
import sys

from .rate import hurry
from .report import Mismatch, Report
from .run import soak

DIALECTS = ("classic", "modern")


def main() -> int:
    """Read the command line and run; return the exit status."""
    parser = argparse.ArgumentParser("scripts/soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=15, help="of each dialect (default: 15)"
    )
    parser.add_argument("--seed", type=int, help="play what was played with it before")
    parser.add_argument("--dialect", choices=(*DIALECTS, "both"), default="both")
    parser.add_argument("--accounts", type=int, default=1000, help="default: 1000")
    parser.add_argument(
        "--rate",
        type=float,
        default=60,
        metavar="SECONDS",
        help="of 200 frames a second afterwards (default: 60)",
    )
    parser.add_argument("--verbose", action="store_true", help="print each step")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)
    # Each fault is logged, and there are thousands.
    logging.disable(logging.CRITICAL)
    dialects = DIALECTS if options.dialect == "both" else (options.dialect,)
    for dialect in dialects:
        print(f"{dialect}: --seed {options.seed}", flush=True)
        report = Report(options.seed, dialect, options.accounts, options.verbose)
        try:
            if options.minutes:
                asyncio.run(soak(report, lambda r: r.seconds > 60 * options.minutes))
            rate = options.rate and asyncio.run(
                hurry(dialect, options.accounts, options.rate)
            )
        except Mismatch as found:
            print(report, found, sep="\n")
            return 1
        print(report, rate or "", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
