#!/usr/bin/env bash
# Every command that writes is killed at random moments and at exact system calls. The files that it leaves are whole, and the
# same command then ends with the bytes of an uninterrupted one.
# Usage: tests/kill_at.sh [KILLS [AT]]: number of random kills, and of kills at system calls (these need strace), divided among
# the commands. The program is $CHOKEPOINT or target/release/chokepoint.
set -euo pipefail
random=${1:-10}
exact=${2:-10}
program=$(realpath "${CHOKEPOINT:-$(dirname "$0")/../target/release/chokepoint}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if [ "$exact" -gt 0 ] && ! command -v strace >/dev/null; then
  echo "no strace here: kills at system calls are left out"
  exact=0
fi

"$program" new study mine >/dev/null
sed -i 's/^last_month = .*/last_month = "2023-12"/; s/^window_months = .*/window_months = 12/' mine.toml
mkdir start
(
  cd start
  cp ../mine.toml .
  "$program" run mine.toml --runs 3 --out out
  echo "not the program's" >out/notes.txt
  "$program" plan mine.toml --runs 3 --blocks 2 --out plan
  for block in 0 1; do "$program" block plan "$block"; done
) >/dev/null 2>&1

# What is put to the start, by name.
command_of() {
  case $1 in
  run) echo run mine.toml --runs 3 --seed 2 --out new --threads 1 ;;
  rerun) echo run mine.toml --runs 3 --out out --threads 1 ;;
  overwrite) echo run mine.toml --runs 3 --seed 3 --out out --overwrite --threads 1 ;;
  plan) echo plan mine.toml --runs 4 --blocks 2 --out other ;;
  block) echo block plan 1 ;;
  merge) echo merge plan --out merged ;;
  remerge) echo merge plan --out out ;;
  report) echo report out ;;
  plot) echo plot out ;;
  export) echo export out outcomes --csv ;;
  decompose) echo decompose mine.toml --runs 1 --into out --threads 1 ;;
  sensitivity) echo sensitivity mine.toml --method morris --runs 2 --into out --threads 1 ;;
  discover) echo discover mine.toml --runs 44 --resamples 2 --into out --threads 1 ;;
  esac
}
commands=(run rerun overwrite plan block merge remerge report plot export decompose sensitivity discover)
calls=(openat write rename fsync unlink mkdir linkat flock ftruncate getdents64)

# Files with their hashes, without locks, times and unfinished work.
listed() {
  (cd "$1" && find . -type f ! -name timing.json ! -name lock ! -path '*.unfinished/*' ! -name '.*.partial*' -print0 |
    sort -z | xargs -0 sha256sum)
}
fail() {
  echo "FAILED: $*"
  exit 1
}

# After a kill: no file is empty, and each is as it was before or as it will be.
whole() {
  local left
  left=$(cd now && find . -type f -size 0 ! -name lock ! -name '.*.partial*' ! -path '*.unfinished/*')
  [ -z "$left" ] || fail "$1: empty: $left"
  left=$(comm -23 <(listed now | sort) <(cat "$1.before" "$1.after" | sort -u))
  [ -z "$left" ] || fail "$1: neither old nor new: $left"
  [ "$(cat now/out/notes.txt 2>/dev/null || cat now/.out.unfinished/old/notes.txt)" = "not the program's" ] ||
    fail "$1: a note is lost"
}
# The same command again: the result of an uninterrupted command, and no temporary files.
again() {
  # shellcheck disable=SC2046
  (cd now && "$program" $(command_of "$1") >../out.txt 2>../log) || { cat log; fail "$1: does not go on"; }
  diff <(listed now) "$1.after" >difference || { cat difference; fail "$1: other bytes"; }
  [ "$(cd now && find . | sort)" = "$(cat "$1.names")" ] || {
    diff <(cd now && find . | sort) "$1.names" || true
    fail "$1: something is left lying, or gone"
  }
  cmp -s out.txt "$1.said" || fail "$1: says something else"
  rm -rf now
}

took=()
for name in "${commands[@]}"; do
  cp -a start now
  listed now >"$name.before"
  begin=$(date +%s%N)
  # shellcheck disable=SC2046
  (cd now && "$program" $(command_of "$name") >"../$name.said" 2>log && rm log) || { cat now/log; fail "$name"; }
  took[${#took[@]}]=$((($(date +%s%N) - begin) / 1000000))
  listed now >"$name.after"
  (cd now && find . | sort) >"$name.names"
  rm -rf now
done

killed=0 resumed=0
for ((k = 0; k < random; k++)); do
  at=$((k % ${#commands[@]})) name=${commands[k % ${#commands[@]}]}
  cp -a start now
  # shellcheck disable=SC2046
  (cd now && exec "$program" $(command_of "$name") >/dev/null 2>&1) &
  pid=$!
  sleep "$(awk -v t="${took[at]}" -v r="$RANDOM" 'BEGIN { printf "%.3f", t / 1000 * r / 32768 }')"
  if kill -9 "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
  { wait "$pid" || true; } 2>/dev/null
  whole "$name"
  again "$name"
  if grep -q '^resuming' log; then resumed=$((resumed + 1)); fi
done

at_call=0
declare -A by
for ((k = 0, tries = 0; at_call < exact && tries < 20 * exact; tries++)); do
  name=${commands[k % ${#commands[@]}]}
  call=${calls[RANDOM % ${#calls[@]}]}
  when=$((1 + RANDOM % (RANDOM % 3 == 0 ? 200 : 12)))
  cp -a start now
  code=0
  # shellcheck disable=SC2046
  { (cd now && exec strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:signal=SIGKILL:when=$when" \
    "$program" $(command_of "$name") >/dev/null 2>&1) || code=$?; } 2>/dev/null
  if [ "$code" -eq 137 ]; then
    at_call=$((at_call + 1)) k=$((k + 1))
    by[$name]=$((${by[$name]:-0} + 1))
    whole "$name"
    again "$name"
    if grep -q '^resuming' log; then resumed=$((resumed + 1)); fi
  else
    rm -rf now
  fi
done
[ "$at_call" -eq "$exact" ] || fail "only $at_call of $exact system calls were reached"
echo "$killed random kills and $at_call at system calls (${!by[*]}); $resumed took up finished work; every byte the same"
