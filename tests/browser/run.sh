#!/usr/bin/env bash
# Opens REPORT in headless Chromium. check.mjs lists what is checked, hostile.mjs for a page named hostile.html. Installs what
# is missing: Chromium and Node from Debian's packages, two npm packages by their lock file.
# usage: tests/browser/run.sh REPORT [FOLDER FOR PICTURES]
set -euo pipefail
report=$(realpath "$1")
pictures=${2:+$(realpath "$2")}
cd "$(dirname "$0")"
missing=()
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium)
command -v npm >/dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -gt 0 ]; then
  root=; [ "$(id -u)" -eq 0 ] || root=sudo
  $root apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive $root apt-get install -qy --no-install-recommends "${missing[@]}" >/dev/null
fi
[ -d node_modules ] || npm ci --no-audit --no-fund --ignore-scripts
if [ "$(basename "$report")" = hostile.html ]; then
  exec node hostile.mjs "$report"
fi
exec node check.mjs "$report" ${pictures:+"$pictures"}
