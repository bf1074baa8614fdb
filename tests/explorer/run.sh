#!/usr/bin/env bash
# Checks the types of the explorer's page and opens it in headless Chromium (check.mjs lists what is checked); with MEASURE=1 it
# prints how fast the page answers instead (timing.mjs). Installs what is missing: Chromium and Node from Debian's packages, three npm packages by their lock file.
# usage: tests/explorer/run.sh PROGRAM [FOLDER FOR PICTURES]
set -euo pipefail
program=$(realpath "$1")
pictures=${2:+$(realpath "$2")}
cd "$(dirname "$0")"
# shellcheck source=tests/browser/install.sh
. ../browser/install.sh
npx --no-install tsc -p tsconfig.json
echo "ok: the types of the page"
if [ -n "${MEASURE:-}" ]; then
  node timing.mjs "$program"
else
  node check.mjs "$program" ${pictures:+"$pictures"}
fi
