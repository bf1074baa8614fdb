#!/usr/bin/env bash
# The Python side on a clean clone: a fresh environment, the wheel, its tests, tutorials and Dask.
# Usage: python/check.sh [ENVIRONMENT]; by default a temporary one. Needs python3 (3.10 or later) with venv, and cargo.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
environment=$(realpath -m "${1:-$scratch/environment}")
cd "$(dirname "$0")"
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
pip=("$environment/bin/python" -m pip install --quiet --disable-pip-version-check)
begun=$SECONDS
cargo build --release --locked --manifest-path ../Cargo.toml
echo "program: $((SECONDS - begun)) s"
begun=$SECONDS
# Versions and hashes as locked; the wheel itself brings nothing beside them.
"${pip[@]}" --require-hashes -r requirements.lock
echo "installed: $((SECONDS - begun)) s"
begun=$SECONDS
"$environment/bin/maturin" build --release --locked --out "$scratch/wheels"
wheel=("$scratch"/wheels/*.whl)
echo "wheel: $((SECONDS - begun)) s, $(stat -c %s "${wheel[0]}") bytes, $(basename "${wheel[0]}")"
"${pip[@]}" --force-reinstall --no-deps "${wheel[0]}"
"$environment/bin/python" -m pip check
# From elsewhere, so that what is tested is what was installed.
here=$PWD
cd "$scratch"
"$environment/bin/pytest" -q -p no:cacheprovider "$here/tests"
