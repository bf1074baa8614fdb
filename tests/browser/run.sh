#!/usr/bin/env bash
# Opens REPORT in headless Chromium. check.mjs lists what is checked, hostile.mjs for a page named hostile.html.
# usage: tests/browser/run.sh REPORT [FOLDER FOR PICTURES]
set -euo pipefail
report=$(realpath "$1")
pictures=${2:+$(realpath "$2")}
cd "$(dirname "$0")"
# shellcheck source=tests/browser/install.sh
. ./install.sh
if [ "$(basename "$report")" = hostile.html ]; then
  exec node hostile.mjs "$report"
fi
exec node check.mjs "$report" ${pictures:+"$pictures"}
