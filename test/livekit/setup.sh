#!/bin/sh
# Makes the LiveKit test runnable: what the browser tests want, the probe's bundle, livekit-client, and a livekit-server where there
# is none. Outside CI it says in one line why it cannot and ends with 3: nothing is tested then.
set -eu
cd "$(dirname "$0")"

cannot() {
    echo "livekit test: $1" >&2
    [ -z "${CI:-}" ] || exit 1
    exit 3
}

../browser/setup.sh
[ -d ../browser/node_modules ] || exit 3
npm ci --no-audit --no-fund --silent || cannot "npm could not install livekit-client"
[ -f ../../client-probe/dist/earshot.js ] ||
    (cd ../../client-probe && npm ci --no-audit --no-fund --silent && npm run --silent build) >&2 ||
    cannot "the client probe could not be built"
cache="$PWD/../../.cache/livekit"
for found in "${EARSHOT_LIVEKIT:-}" "$cache/server" /usr/local/bin/livekit-server /usr/bin/livekit-server; do
    [ -n "$found" ] && [ -x "$found" ] && exit 0
done
echo "livekit test: building livekit-server (once, some minutes)" >&2
mkdir -p "$cache"
(cd / && GOBIN="$cache" go install github.com/livekit/livekit-server/cmd/server@v1.9.12) >&2 ||
    cannot "livekit-server could not be built; install it, or name one with EARSHOT_LIVEKIT"
