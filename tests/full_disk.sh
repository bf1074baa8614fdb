#!/usr/bin/env bash
# On a full disk and in a read-only folder a run ends with a clear error and keeps its finished blocks; it resumes later.
# Needs the right to mount. Usage: tests/full_disk.sh; the program is $CHOKEPOINT or target/release/chokepoint.
set -euo pipefail
program=$(realpath "${CHOKEPOINT:-$(dirname "$0")/../target/release/chokepoint}")
folder=$(mktemp -d)
mkdir "$folder/disk"
mount -t tmpfs -o size=12m none "$folder/disk"
trap 'umount "$folder/disk"; rm -rf "$folder"' EXIT
cd "$folder"
study=(run did-controls-work --runs 60 --no-report)
"$program" "${study[@]}" --out whole >/dev/null 2>&1

echo "== a full disk"
code=0
"$program" "${study[@]}" --out disk/out 2>said || code=$?
cat said
test "$code" -eq 2
grep -q 'No space left on device' said
grep -q 'blocks are kept' said
test ! -e disk/out
kept=$(find disk -name '*.runs' | wc -l)
test "$kept" -gt 0
mount -o remount,size=200m "$folder/disk"
"$program" "${study[@]}" --out disk/out 2>said
cat said
grep -q "resuming: $kept of" said
diff -rq --exclude=timing.json whole disk/out

echo "== a folder that cannot be written"
mount -o remount,ro "$folder/disk"
code=0
"$program" "${study[@]}" --seed 2 --out disk/other 2>said || code=$?
cat said
test "$code" -eq 2
grep -q 'Read-only file system' said
mount -o remount,rw "$folder/disk"
echo "the same bytes after both"
