#!/bin/sh
# Starts Grafana with the password of its ClickHouse user, which is in a file, in the environment that the provisioning reads.
set -eu
EARSHOT_CLICKHOUSE_PASSWORD=$(cat /run/earshot/clickhouse-grafana)
export EARSHOT_CLICKHOUSE_PASSWORD
exec /run.sh "$@"
