#!/usr/bin/env bash
# Base R reads what `export --csv` writes, and the paired effects that it computes agree. Installs r-base-core where Rscript is missing and Debian's packages can be had.
# Usage: tests/r/check.sh; CHOKEPOINT names the program, by default target/release/chokepoint.
set -euo pipefail
program=$(realpath "${CHOKEPOINT:-$(dirname "$0")/../../target/release/chokepoint}")
cd "$(dirname "$0")"
if ! command -v Rscript >/dev/null; then
  apt-get update --quiet=2 && apt-get install --quiet=2 --no-install-recommends r-base-core >/dev/null
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" run s1-october-2022 --runs 6 --no-report --out "$folder/results" >/dev/null 2>&1
for table in effects outcomes bands events; do
  "$program" export "$folder/results" "$table" --csv >"$folder/$table.csv"
done
Rscript --vanilla read.R "$folder"
# The R of the page itself, without the piece that needs a package.
awk '/^```r$/ {on = 1; next} /^```$/ {on = 0} on' ../../docs/r-and-stata.md | grep -v '^bands <- arrow::' >"$folder/page.R"
(cd "$folder" && Rscript --vanilla page.R >/dev/null)
