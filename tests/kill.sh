#!/usr/bin/env bash
# A run that is killed at random moments and resumed each time gives the same bytes as an uninterrupted run.
# Usage: tests/kill.sh [KILLS] [RUNS]; the program is $CHOKEPOINT or target/release/chokepoint.
set -euo pipefail
kills=${1:-5}
runs=${2:-40}
program=$(realpath "${CHOKEPOINT:-$(dirname "$0")/../target/release/chokepoint}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
study=(run did-controls-work --runs "$runs" --set study.last_month=2026-12 --set study.window_months=36)
begin=$(date +%s%N)
"$program" "${study[@]}" --out whole >/dev/null 2>&1
took=$((($(date +%s%N) - begin) / 1000000))
echo "uninterrupted: $took ms"

killed=0 finished=0 resumed=0
same() {
  finished=$((finished + 1))
  diff -rq --exclude=timing.json whole out
  rm -rf out
}
while [ "$killed" -lt "$kills" ]; do
  "$program" "${study[@]}" --out out >/dev/null 2>log &
  pid=$!
  sleep "$(awk -v t="$took" -v r="$RANDOM" 'BEGIN { printf "%.3f", 0.05 + t / 1000 * r / 32768 }')"
  if kill -9 "$pid" 2>/dev/null; then
    killed=$((killed + 1))
    wait "$pid" 2>/dev/null || true
  elif wait "$pid"; then
    same
  else
    cat log
    exit 1
  fi
  grep -q '^resuming' log && resumed=$((resumed + 1))
  # Results are whole or not there at all.
  [ ! -e out ] || [ -e out/report.html ]
done
"$program" "${study[@]}" --out out >/dev/null 2>&1
same
[ "$(ls -A)" = "$(printf 'log\nwhole')" ]
echo "$killed kills, $resumed starts that took up finished blocks, $finished results, every byte the same"
