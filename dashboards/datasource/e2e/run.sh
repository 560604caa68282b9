#!/bin/sh
# Drives the data source and the dashboards in a Grafana that runs already, with Debian's Chromium; without GRAFANA_URL it says so and ends well.
#
#   GRAFANA_URL=http://127.0.0.1:3000 make test-plugin-e2e
#
# That Grafana has the built plugin and the provisioning of dashboards/grafana, and its store has rows of the last minutes: a lab that runs.
# GRAFANA_USER and GRAFANA_PASSWORD sign in (admin, admin); GRAFANA_RANGE is the dashboards' time range (now-15m).
set -eu
cd "$(dirname "$0")"

if [ -z "${GRAFANA_URL:-}" ]; then
    echo "e2e of the data source: not run, GRAFANA_URL is not set"
    exit 0
fi
npm ci --no-audit --no-fund --silent
exec npm test --silent -- "$@"
