"""Runs the commands of every example and writes what came out under them. `just examples` calls it after a build.

Usage: python3 examples/refresh.py FOLDER, where FOLDER holds the program.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# The commands, then the text that is replaced by what they print.
PIECE = re.compile(r"```sh\n(.*?)```\n\n```text\n.*?```", re.DOTALL)


def main(program: Path) -> None:
    env = {**os.environ, "PATH": f"{program.resolve()}:{os.environ['PATH']}"}
    for page in sorted(Path(__file__).parent.glob("*/README.md")):
        with tempfile.TemporaryDirectory() as folder:

            def ran(piece: re.Match[str]) -> str:
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", piece[1]], cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True
                )
                return f"```sh\n{piece[1]}```\n\n```text\n{done.stdout.rstrip()}\n```"

            text = page.read_text(encoding="utf-8")
            page.write_text(PIECE.sub(ran, text), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
