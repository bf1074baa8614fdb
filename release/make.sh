#!/usr/bin/env bash
# Everything that a release hands out, built and tried: static program, packaged crate, wheel, source distribution, notes, checksums.
# Usage: release/make.sh [OUT] [program|crate|wheel|notes ...]; by default target/release-files and all of them.
# Needs cargo, python3 with venv, and root for the empty root in which the program is tried.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-target/release-files}")
shift || true
parts=("$@")
[ $# -gt 0 ] || parts=(program crate wheel notes)
mkdir -p "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
version=$(sed -n '/^\[workspace.package\]/,/^\[package\]/s/^version = "\(.*\)"/\1/p' Cargo.toml)
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")

# From nothing to the first report, and how long it took.
tried() {
  local name=$1 begun=$SECONDS
  shift
  (cd "$scratch" && "$@" run did-controls-work --runs 4 --out "$scratch/$name" >/dev/null 2>&1)
  test -s "$scratch/$name/report.html"
  echo "$name: first report after $((SECONDS - begun)) s"
}

size() { echo "$(basename "$1"): $(stat -c %s "$1") bytes"; }

program() { tests/release.sh "$out"; }

crate() {
  # What is packaged is built once, by installing it.
  cargo package --locked --no-verify --target-dir "$scratch/package" ${ALLOW_DIRTY:+--allow-dirty}
  cp "$scratch/package/package/chokepoint-$version.crate" "$out"
  size "$out/chokepoint-$version.crate"
  tar -xzf "$out/chokepoint-$version.crate" -C "$scratch"
  CARGO_TARGET_DIR=$built cargo install --quiet --locked --path "$scratch/chokepoint-$version" --root "$scratch/installed"
  size "$scratch/installed/bin/chokepoint"
  tried crate "$scratch/installed/bin/chokepoint"
}

wheel() {
  python3 -m venv "$scratch/tools"
  grep -A40 '^maturin==' python/requirements.lock | awk 'NR > 1 && !/^    / {exit} {print}' >"$scratch/maturin"
  "$scratch/tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$scratch/maturin"
  (cd python && CARGO_TARGET_DIR=$built "$scratch/tools/bin/maturin" build --release --locked --sdist --out "$out")
  local from
  for from in "$out/chokepoint-$version"-*.whl "$out/chokepoint-$version.tar.gz"; do
    size "$from"
    python3 -m venv --clear "$scratch/python"
    PATH="$scratch/tools/bin:$PATH" CARGO_TARGET_DIR=$built "$scratch/python/bin/pip" install --quiet --disable-pip-version-check "$from"
    (cd "$scratch" && "$scratch/python/bin/python" - "$version" <<'PYTHON'
import sys
import chokepoint

assert chokepoint.__version__ == sys.argv[1], chokepoint.__version__
results = chokepoint.Study.load("did-controls-work").run(runs=4, out="python-results", overwrite=True)
assert results.report.exists()
PYTHON
    )
  done
}

notes() {
  awk -v heading="## $version (" 'index($0, heading) == 1 {on = 1; next} /^## / {on = 0} on' CHANGELOG.md >"$out/notes-$version.md"
  test -s "$out/notes-$version.md"
  size "$out/notes-$version.md"
}

for part in "${parts[@]}"; do
  case "$part" in
    program | crate | wheel | notes) "$part" ;;
    *) echo "found $part, expected program, crate, wheel or notes" >&2 && exit 2 ;;
  esac
done
(cd "$out" && find . -maxdepth 1 -type f ! -name SHA256SUMS ! -name '*.sha256' -printf '%f\n' | sort | xargs sha256sum >SHA256SUMS && cat SHA256SUMS)
