#!/usr/bin/env bash
# The same bytes on another processor: the main study with two futures by the usual program, with one and two threads, then on
# an emulated processor of 2008 without fused operations (`qemu-x86_64 -cpu Nehalem`, installed from Debian if the user is root).
# Usage: tests/bits.sh [static]. With `static` also by a program that links no C library, native and emulated.
# The program is $CHOKEPOINT or target/release/chokepoint; the static one is built unless $CHOKEPOINT_STATIC names it.
set -euo pipefail
cd "$(dirname "$0")/.."
usual=$(realpath "${CHOKEPOINT:-target/release/chokepoint}")
static=
if [ "${1:-}" = static ]; then
  static=${CHOKEPOINT_STATIC:-target/static/x86_64-unknown-linux-gnu/release/chokepoint}
  [ -n "${CHOKEPOINT_STATIC:-}" ] || tests/static.sh
  static=$(realpath "$static")
fi
if ! command -v qemu-x86_64 >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "needs qemu-x86_64 (Debian package qemu-user)" >&2; exit 1; }
  (apt-get update && apt-get install -y --no-install-recommends qemu-user) >/dev/null
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

run() { # NAME THREADS COMMAND...
  local name=$1 threads=$2 begun=$SECONDS
  shift 2
  "$@" run did-controls-work --runs 2 --seed 5 --threads "$threads" --out "$name" >/dev/null 2>"$name.log" ||
    { cat "$name.log" >&2; exit 1; }
  echo "$name: $((SECONDS - begun)) s, $(cat "$name"/outcomes.parquet "$name"/bands.parquet "$name"/effects.csv | sha256sum | cut -c1-16)"
}
# Whole folders of one program; between two programs every file except those that hold the hash of the program.
same() { diff -rq --exclude=timing.json "${@:3}" "$1" "$2" || { echo "$2 differs from $1" >&2; exit 1; }; }
old=(qemu-x86_64 -cpu Nehalem)

run usual 1 "$usual"
run usual-two-threads 2 "$usual"
run usual-old-processor 2 "${old[@]}" "$usual"
same usual usual-two-threads
same usual usual-old-processor
if [ -n "$static" ]; then
  run static 1 "$static"
  run static-old-processor 2 "${old[@]}" "$static"
  same static static-old-processor
  same usual static --exclude=manifest.json --exclude=report.html
fi
echo "the same bytes: $(find usual -type f ! -name timing.json | wc -l) files"
