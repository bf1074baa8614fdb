"""Checks a built site: no link or picture leads nowhere, no page is out of reach, nothing is fetched from elsewhere."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Pages that the tool makes and that no reader needs.
APART = {"genindex.html", "py-modindex.html", "search.html"}
FETCHES = {("img", "src"), ("script", "src"), ("iframe", "src"), ("object", "data"), ("source", "src"), ("video", "src")}


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value for name, value in attrs if value}
        self.anchors.update(named[n] for n in ("id", "name") if n in named)
        for name, value in named.items():
            if (tag, name) in FETCHES or (tag == "link" and name == "href" and named.get("rel") in ("stylesheet", "icon")):
                self.fetched.append(value)
            elif tag == "a" and name == "href":
                self.links.append(value)


def check(site: Path) -> list[str]:
    pages = {p: Page(p.read_text(encoding="utf-8")) for p in site.glob("**/*.html")}
    # Pages of rustdoc are checked by rustdoc; they count as reached with their first page.
    own = {p for p in pages if "rust" not in p.relative_to(site).parts[:2]}
    wrong = []
    leads: dict[Path, set[Path]] = {}
    for at in own:
        page = pages[at]
        name = at.relative_to(site)
        leads[at] = set()
        for link in page.links + page.fetched:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https"):
                if link in page.fetched:
                    wrong.append(f"{name}: is fetched from elsewhere: {link}")
                continue
            if parts.scheme in ("mailto", "data"):
                continue
            target = (at.parent / unquote(parts.path)).resolve() if parts.path else at
            if not target.is_file():
                wrong.append(f"{name}: leads nowhere: {link}")
                continue
            leads[at].add(target)
            if target in own and parts.fragment and unquote(parts.fragment) not in pages[target].anchors:
                wrong.append(f"{name}: no such place: {link}")
    reached, ahead = set(), [site / "index.html"]
    while ahead:
        at = ahead.pop()
        if at not in reached:
            reached.add(at)
            ahead += leads.get(at, ())
    wrong += [f"{p.relative_to(site)}: no page leads here" for p in own - reached if p.name not in APART]
    for sheet in site.glob("**/*.css"):
        found = re.findall(r"url\(['\"]?(https?://[^'\")]+)", sheet.read_text(encoding="utf-8"))
        wrong += [f"{sheet.relative_to(site)}: is fetched from elsewhere: {link}" for link in found]
    rust = site / "api/rust/chokepoint/index.html"
    if rust not in reached:
        wrong.append("api/rust: no page leads here")
    links = sum(len(pages[p].links) for p in own)
    print(f"{len(own)} pages, {links} links, {len(wrong)} faults; {len(pages) - len(own)} pages of rustdoc")
    for page in sorted(str(p.relative_to(site)) for p in own):
        print(f"  {page}")
    return sorted(wrong)


if __name__ == "__main__":
    faults = check(Path(sys.argv[1]).resolve())
    print("\n".join(faults), file=sys.stderr)
    sys.exit(bool(faults))
