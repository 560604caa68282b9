#!/usr/bin/env bash
# Starts a Grafana that is installed on this machine, with nothing but the provisioning of this repository and the plugin that `make plugin`
# built. Usage: dashboards/grafana/start.sh GRAFANA_HOME, such as /usr/share/grafana. What it stores is in .cache/grafana.
#
# From the environment: EARSHOT_CLICKHOUSE_ADDRESS (default 127.0.0.1:9000), EARSHOT_CLICKHOUSE_USER, EARSHOT_CLICKHOUSE_PASSWORD,
# EARSHOT_CLICKHOUSE_DATABASE, EARSHOT_TENANT, EARSHOT_CONSOLE_URL, GRAFANA_PORT (default 3000), and whatever Grafana itself reads.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
  echo "grafana: $1" >&2
  exit 2
}
home=${1:-}
[ -n "$home" ] || fail "say where Grafana is: make grafana GRAFANA_HOME=/usr/share/grafana"
[ -d "$home/public" ] || fail "$home holds no Grafana: it has no folder public"
server=
for candidate in "$home/bin/grafana" "$home"/bin/*/grafana "$(command -v grafana || true)"; do
  if [ -x "$candidate" ]; then
    server=$candidate
    break
  fi
done
[ -n "$server" ] || fail "there is no program grafana in $home/bin, nor in the PATH"
plugin=$root/dashboards/datasource/dist
[ -f "$plugin/plugin.json" ] || fail "the plugin is not built: run make plugin first"

data=$root/.cache/grafana
mkdir -p "$data/plugins"
ln -sfn "$plugin" "$data/plugins/earshot-datasource"

export EARSHOT_CLICKHOUSE_ADDRESS=${EARSHOT_CLICKHOUSE_ADDRESS:-127.0.0.1:9000}
export EARSHOT_DASHBOARDS=$here/dashboards
export GF_PATHS_DATA=$data GF_PATHS_LOGS=$data/log GF_PATHS_PLUGINS=$data/plugins GF_PATHS_PROVISIONING=$here/provisioning
export GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS=earshot-datasource
export GF_SERVER_HTTP_ADDR=${GF_SERVER_HTTP_ADDR:-127.0.0.1} GF_SERVER_HTTP_PORT=${GRAFANA_PORT:-3000}
export GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH=$here/dashboards/earshot-overview.json
# On loopback whoever is on this machine may look around without a login; elsewhere Grafana asks for one (at first admin, admin).
if [ "$GF_SERVER_HTTP_ADDR" = 127.0.0.1 ]; then
  export GF_AUTH_ANONYMOUS_ENABLED=${GF_AUTH_ANONYMOUS_ENABLED:-true} GF_AUTH_ANONYMOUS_ORG_ROLE=${GF_AUTH_ANONYMOUS_ORG_ROLE:-Editor}
fi
# Nothing leaves the machine that was not asked for.
export GF_ANALYTICS_REPORTING_ENABLED=false GF_ANALYTICS_CHECK_FOR_UPDATES=false GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false
export GF_PLUGINS_PREINSTALL_DISABLED=true GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED=true GF_NEWS_NEWS_FEED_ENABLED=false

echo "grafana: http://$GF_SERVER_HTTP_ADDR:$GF_SERVER_HTTP_PORT/d/earshot-overview asks ClickHouse at $EARSHOT_CLICKHOUSE_ADDRESS; Ctrl-C ends it"
cd "$home"
exec "$server" server --homepath "$home"
