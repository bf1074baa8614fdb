#!/usr/bin/env bash
# Builds the program for distribution: linked statically, stripped, tested in an empty root, with its SHA-256 beside it.
# Usage: tests/release.sh [FOLDER], by default target/release-files. The check needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
into=${1:-target/release-files}
tests/static.sh
built=target/static/x86_64-unknown-linux-gnu/release/chokepoint
version=$("$built" --version | cut -d' ' -f2)
name=chokepoint-$version-x86_64-linux
mkdir -p "$into"
strip -o "$into/$name" "$built"
if readelf --program-headers "$into/$name" | grep -q INTERP; then
  echo "$name asks for a loader: it is not static" >&2
  exit 1
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/empty"
cp "$into/$name" "$root/chokepoint"
inside() { env -i /usr/sbin/chroot "$root" /chokepoint "$@"; }
inside --version
inside run did-controls-work --runs 4 --out /empty/results 2>/dev/null
test -s "$root/empty/results/report.html"
(cd "$into" && sha256sum "$name" >"$name.sha256" && cat "$name.sha256")
echo "$(stat -c %s "$into/$name") bytes, no library"
