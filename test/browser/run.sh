#!/bin/sh
# Sets the browser tests up and runs them; where that cannot be, and this is not CI, setup.sh has said why.
set -eu
cd "$(dirname "$0")"
./setup.sh
[ -d node_modules ] || exit 0
exec npm test
