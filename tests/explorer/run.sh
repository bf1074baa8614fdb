#!/usr/bin/env bash
# Checks the types of the explorer's page, opens it in headless Chromium (check.mjs lists what is checked) and prints how fast it
# answers (timing.mjs). Installs what is missing: Chromium and Node from Debian's packages, three npm packages by their lock file.
# usage: tests/explorer/run.sh PROGRAM [FOLDER FOR PICTURES]
set -euo pipefail
program=$(realpath "$1")
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
npx --no-install tsc -p tsconfig.json
echo "ok: the types of the page"
node check.mjs "$program" ${pictures:+"$pictures"}
node timing.mjs "$program"
