# Installs Chromium and Node from Debian's packages and the npm packages of this folder by their lock file, where they are
# missing. Sourced by the scripts that open a page in a browser, from their folder.
missing=()
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium)
command -v npm >/dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -gt 0 ]; then
  root=; [ "$(id -u)" -eq 0 ] || root=sudo
  $root apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive $root apt-get install -qy --no-install-recommends "${missing[@]}" >/dev/null
fi
[ -d node_modules ] || npm ci --no-audit --no-fund --ignore-scripts
