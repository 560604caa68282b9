#!/bin/sh
# Sets the mediasoup test up and runs it; where that cannot be, setup.sh has said why.
set -eu
cd "$(dirname "$0")"
code=0
./setup.sh || code=$?
[ "$code" != 3 ] || exit 0
[ "$code" = 0 ] || exit "$code"
[ ! -x "${EARSHOT_MEDIASOUP_WORKER:-}" ] || export MEDIASOUP_WORKER_BIN="$EARSHOT_MEDIASOUP_WORKER"
exec node --test --test-timeout=115000 mediasoup.test.mjs
