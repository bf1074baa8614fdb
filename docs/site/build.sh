#!/usr/bin/env bash
# Builds the documents as one site: guide, tutorials, examples, claims, evidence, gallery, model, Python and Rust interfaces. A warning is an error.
# Usage: docs/site/build.sh OUT [ENVIRONMENT]. Needs Python 3.11 or later with venv, and cargo for the pages of the Rust library.
set -euo pipefail
out=$(realpath -m "${1:?usage: docs/site/build.sh OUT [ENVIRONMENT]}")
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
environment=${2:-$scratch/environment}
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r docs/site/requirements.lock
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --release --locked --no-deps
"$environment/bin/python" docs/site/stage.py . "$scratch/pages"
"$environment/bin/sphinx-build" --builder html --fail-on-warning --keep-going --quiet --jobs auto \
  --conf-dir docs/site --doctree-dir "$scratch/doctrees" "$scratch/pages" "$scratch/site"
mkdir -p "$scratch/site/api/rust"
cp -R "${CARGO_TARGET_DIR:-target}/doc/." "$scratch/site/api/rust"
rm -rf "$scratch/site/.doctrees" "$scratch/site/api/rust/.lock"
"$environment/bin/python" docs/site/links.py "$scratch/site"
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$scratch/site" "$out"
echo "$out/index.html"
