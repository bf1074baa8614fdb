#!/usr/bin/env bash
# Builds the benchmark of an earlier commit beside this one's, in a target folder of its own: target/earlier/table.
set -euo pipefail
commit=$1
top=$(git rev-parse --show-toplevel)
earlier=$top/target/earlier
mkdir -p "$earlier/source"
git -C "$top" archive "$commit" | tar -x -C "$earlier/source"
cd "$earlier/source"
program=$(CARGO_TARGET_DIR=$earlier/target cargo bench --profile release --locked --bench table --no-run --message-format json |
  sed -n 's/.*"executable":"\([^"]*\/table-[^"]*\)".*/\1/p')
cp "$program" "$earlier/table"
