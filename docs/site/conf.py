"""Settings of Sphinx for the site; see build.sh."""

import tomllib
from pathlib import Path

repository = Path(__file__).resolve().parents[2]
package = tomllib.loads((repository / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]

project = "Chokepoint"
author = ", ".join(package["authors"])
copyright = author
version = release = package["version"]

extensions = ["myst_parser", "autoapi.extension"]
exclude_patterns = [
    "configs/schema/**",
    "docs/law/head.md",
    "docs/site/**",
    "tests/**",
]

# Links to headings as GitHub makes them.
myst_heading_anchors = 6

# The Python interface is read, not imported, so nothing has to be built.
autoapi_dirs = [str(repository / "python/chokepoint")]
autoapi_root = "api/python"
autoapi_add_toctree_entry = False
autoapi_options = ["members", "show-module-summary", "undoc-members"]
autoapi_file_patterns = ["*.py", "*.pyi"]
autoapi_keep_files = False

html_theme = "furo"
html_title = f"Chokepoint {version}"
html_copy_source = False
html_show_sourcelink = False
