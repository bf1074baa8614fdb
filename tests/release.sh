#!/usr/bin/env bash
# The program to hand out: built and stripped, shown to run in an empty root with three C libraries at most,
# and its SHA-256 beside it. Usage: tests/release.sh [FOLDER], by default target/release-files. The check needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
into=${1:-target/release-files}
cargo build --release --locked
version=$(target/release/chokepoint --version | cut -d' ' -f2)
name=chokepoint-$version-$(rustc -vV | sed -n 's/^host: //p')
mkdir -p "$into"
cp target/release/chokepoint "$into/$name"
strip "$into/$name"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/empty"
cp "$into/$name" "$root/chokepoint"
libraries=$(ldd "$into/$name" | awk '$2 == "=>" { print $3 }')
loader=$(ldd "$into/$name" | awk '$1 ~ /^\// { print $1 }')
count=$(wc -w <<<"$libraries")
for file in $libraries $loader; do
  mkdir -p "$root$(dirname "$file")"
  cp -L "$file" "$root$file"
done
[ "$count" -le 3 ] || { echo "needs $count libraries: $libraries" >&2; exit 1; }
inside() { env -i /usr/sbin/chroot "$root" /chokepoint "$@"; }
cd "$root"
inside --version
inside run did-controls-work --runs 4 --out /empty/results 2>/dev/null
test -s "$root/empty/results/report.html"
cd - >/dev/null
(cd "$into" && sha256sum "$name" >"$name.sha256" && cat "$name.sha256")
echo "$(stat -c %s "$into/$name") bytes, $count C libraries: $(xargs -n 1 basename <<<"$libraries" | xargs)"
