#!/bin/sh
# Makes the browser tests runnable: installs their npm packages, and Debian's Chromium where there is none. Outside CI it says in
# one line why it cannot and ends well, since the tests then skip themselves.
set -eu
cd "$(dirname "$0")"

cannot() {
    echo "browser tests: $1" >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

command -v node >/dev/null || cannot "Node.js is missing; install it (20 or newer)"
npm ci --no-audit --no-fund --silent || cannot "npm could not install playwright-core"
for found in "${EARSHOT_CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
    [ -n "$found" ] && [ -x "$found" ] && exit 0
done
command -v apt-get >/dev/null || cannot "Chromium is missing; install it, or name one with EARSHOT_CHROMIUM"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    cannot "Chromium is missing; install it (apt-get install chromium), or name one with EARSHOT_CHROMIUM"
fi
echo "browser tests: installing chromium" >&2
{ $as_root apt-get update -q && $as_root apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core; } >&2 ||
    cannot "apt-get could not install chromium"
