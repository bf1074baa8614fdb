"""Lays out the pages of the site: those of the repository where they are, and pages made from notebooks and figures."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

# What pages stand in or link to.
PARTS = [
    "*.md",
    "CITATION.cff",
    "NOTICE",
    "configs",
    "docs",
    "examples",
    "plots",
    "python/tutorials",
    "src",
]


def tutorial(path: Path) -> str:
    """A notebook as Markdown: text as it is, code as blocks."""
    pieces = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        pieces.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    return "\n\n".join(pieces) + f"\n\n[The notebook](../python/tutorials/{path.name}) runs as it is.\n"


def gallery(root: Path) -> str:
    """Every figure that ships, with its title and description."""
    page = [
        "# Gallery",
        "The figures that the program draws, from the tables in `plots/gallery`. "
        "Each is defined by one file ([how](plots/README.md)); `chokepoint plot FOLDER` draws them from results of your own.",
    ]
    for picture in sorted((root / "plots/gallery").glob("*.svg")):
        definition = tomllib.loads((root / f"plots/{picture.stem}.toml").read_text(encoding="utf-8"))
        page += [
            f"## {definition['title']}",
            definition.get("description", ""),
            f"[{picture.stem}.toml](plots/{picture.stem}.toml)",
            f"![{definition['title']}](plots/gallery/{picture.name})",
        ]
    return "\n\n".join(page) + "\n"


def lay(path: Path, target: Path) -> None:
    """Copies a file; the named places of a page become those of Sphinx."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".md":
        text = path.read_text(encoding="utf-8")
        target.write_text(re.sub(r'^<a id="([^"]+)"></a>$', r"(\1)=", text, flags=re.M), encoding="utf-8")
    else:
        shutil.copy(path, target)


def main(root: Path, into: Path) -> None:
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PARTS],
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = root / name
        if name.startswith("docs/site/pages/"):
            lay(path, into / path.relative_to(root / "docs/site/pages"))
        elif path.suffix == ".ipynb":
            lay(path, into / name)
            (into / "tutorials").mkdir(exist_ok=True)
            (into / f"tutorials/{path.stem}.md").write_text(tutorial(path), encoding="utf-8")
        elif path.is_file():
            lay(path, into / name)
    (into / "gallery.md").write_text(gallery(root), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
