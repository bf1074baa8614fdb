"""What Python costs: a thousand runs through `chokepoint.Study.run` against the program, in turns; at most 5 % more.

A run is one future under one arm. Both are processes that start, run, draw the report and end. Compared is the processor time
of the cheapest of several turns: on a machine that does other things too, the clock on the wall tells of those.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TURNS = int(os.environ.get("TURNS", 3))
FUTURES = 334  # three arms: 1,002 runs
LIMIT = 0.05
CHILD = "import chokepoint, sys; chokepoint.Study.load('did-controls-work').run(runs=int(sys.argv[1]), out=sys.argv[2])"


def cost(command):
    """Seconds of processor and of wall that a command takes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begun
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took


def main():
    program = os.environ.get("CHOKEPOINT", Path(__file__).parents[1] / "target/release/chokepoint")
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "did-controls-work", "--runs", str(FUTURES), "--out", f"{folder}/program"]
        python = [sys.executable, "-c", CHILD, str(FUTURES), f"{folder}/python"]
        turns = [(cost([program, *words]), cost(python)) for _ in range(TURNS)]
    best = [min(own[i][k] for own in turns) for i in (0, 1) for k in (0, 1)]
    over = best[2] / best[0] - 1
    print(
        f"1,002 runs: program {best[0]:.2f} s of processor ({best[1]:.2f} s of wall), "
        f"Python {best[2]:.2f} s ({best[3]:.2f} s): {over:+.1%} of processor (at most {LIMIT:+.0%})"
    )
    return over > LIMIT


if __name__ == "__main__":
    sys.exit(main())
