"""What Python costs: a thousand runs through `chokepoint.Study.run` against the program, in turns; at most 5 % more.

A run is one future under one arm. The fastest of several turns is compared, for whatever else a machine does only adds.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chokepoint

TURNS = int(os.environ.get("TURNS", 3))
FUTURES = 334  # three arms: 1,002 runs
LIMIT = 0.05


def timed(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main():
    program = os.environ.get("CHOKEPOINT", Path(__file__).parents[1] / "target/release/chokepoint")
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "did-controls-work", "--runs", str(FUTURES), "--out", f"{folder}/program"]

        def by_program():
            subprocess.run([program, *words], check=True, capture_output=True)

        def by_python():
            chokepoint.Study.load("did-controls-work").run(runs=FUTURES, out=f"{folder}/python", progress=lambda *_: None)

        times = [(timed(by_program), timed(by_python)) for _ in range(TURNS)]
    program_seconds, python_seconds = (min(column) for column in zip(*times))
    over = python_seconds / program_seconds - 1
    print(f"1,002 runs: program {program_seconds:.2f} s, Python {python_seconds:.2f} s: {over:+.1%} (at most {LIMIT:+.0%})")
    return over > LIMIT


if __name__ == "__main__":
    sys.exit(main())
