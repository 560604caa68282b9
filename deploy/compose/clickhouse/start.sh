#!/bin/bash
# Starts ClickHouse with the passwords of its users, which are in files, in the environment that users.xml reads.
set -eu
EARSHOT_PASSWORD=$(cat /run/earshot/clickhouse-earshot)
GRAFANA_PASSWORD=$(cat /run/earshot/clickhouse-grafana)
export EARSHOT_PASSWORD GRAFANA_PASSWORD
exec /entrypoint.sh "$@"
