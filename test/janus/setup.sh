#!/bin/sh
# Makes the Janus test runnable: what the browser tests want, the probe's bundle, and Debian's Janus where there is none. Outside
# CI it says in one line why it cannot and ends with 3: nothing is tested then.
set -eu
cd "$(dirname "$0")"

cannot() {
    echo "janus test: $1" >&2
    [ -z "${CI:-}" ] || exit 1
    exit 3
}

[ -d ../browser/node_modules/esbuild ] || ../browser/setup.sh
[ -d ../browser/node_modules ] || exit 3
[ -f ../../client-probe/dist/earshot.js ] ||
    (cd ../../client-probe && npm ci --no-audit --no-fund --silent && npm run --silent build) >&2 ||
    cannot "the client probe could not be built"
for found in "${EARSHOT_JANUS:-}" /usr/bin/janus /opt/janus/bin/janus; do
    [ -n "$found" ] && [ -x "$found" ] && exit 0
done
command -v apt-get >/dev/null || cannot "Janus is missing; install it, or name one with EARSHOT_JANUS"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    cannot "Janus is missing; install it (apt-get install janus), or name one with EARSHOT_JANUS"
fi
echo "janus test: installing janus" >&2
{ $as_root apt-get update -q && $as_root apt-get install -y -q --no-install-recommends janus; } >&2 ||
    cannot "apt-get could not install janus"
# The package's own gateway is not wanted.
[ ! -d /run/systemd/system ] || $as_root systemctl disable -q --now janus >&2
