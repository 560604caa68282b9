#!/bin/sh
# Makes the mediasoup test runnable: mediasoup with its worker, which npm fetches ready-made or builds; EARSHOT_MEDIASOUP_WORKER names
# another. It says in one line why it cannot and ends with 3: nothing is tested then.
set -eu
cd "$(dirname "$0")"

cannot() {
    echo "mediasoup test: $1" >&2
    exit 3
}

if [ -x "${EARSHOT_MEDIASOUP_WORKER:-}" ]; then
    npm ci --no-audit --no-fund --silent --ignore-scripts || cannot "npm could not install mediasoup"
else
    npm ci --no-audit --no-fund --silent || cannot "mediasoup's worker could neither be fetched nor built; name one with EARSHOT_MEDIASOUP_WORKER"
fi
