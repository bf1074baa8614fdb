#!/usr/bin/env bash
# Builds the statically linked program into target/static, for machines with an older C library and for empty roots.
set -euo pipefail
cd "$(dirname "$0")/.."
# An empty root has no /dev/urandom: random seeds of hash maps are asked of the kernel.
RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom"' cargo build --release --locked \
  --target x86_64-unknown-linux-gnu --target-dir target/static
