#!/usr/bin/env bash
# The program without a C library beside it, into target/static: for machines whose C library is older, and for empty roots.
set -euo pipefail
cd "$(dirname "$0")/.."
RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked \
  --target x86_64-unknown-linux-gnu --target-dir target/static
