package source_test

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

func health(t *testing.T, p *plugin) *backend.CheckHealthResult {
	t.Helper()
	r, err := p.Client.CheckHealth(t.Context(), &backend.CheckHealthRequest{PluginContext: p.context()})
	require.NoError(t, err)
	return r
}

func TestHealthSaysWhatToFix(t *testing.T) {
	db := openStore(t)
	require.NoError(t, db.Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS empty", nil))
	require.NoError(t, db.Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS old", nil))
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS old.e2e AS e2e", nil))
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS old.calls AS calls", nil))
	for name, c := range map[string]struct {
		settings options
		healthy  bool
		says     string
	}{
		"good":             {nil, true, "Connected to database earshot. The newest window is 0s old."},
		"no rows yet":      {options{"tenant": "new"}, true, "There are no rows of tenant new of the last week yet."},
		"SQL, may write":   {options{"rawSql": true}, true, `Warning: queries in SQL are allowed, and user "default" may write`},
		"unreachable":      {options{"address": "127.0.0.1:1"}, false, "ClickHouse is not reachable at 127.0.0.1:1: check address and port"},
		"not reachable":    {options{"address": "127.0.0.1:1", "secure": true}, false, "over TLS: check address and port (mostly 9440 with TLS), the certificate"},
		"no address":       {options{"address": ""}, false, "address: it is empty"},
		"wrong password":   {options{"username": "nobody", "password": "wrong"}, false, `refuses user "nobody": check username and password.`},
		"no database":      {options{"database": "nowhere"}, false, `There is no database "nowhere"`},
		"no tables":        {options{"database": "empty"}, false, `Database "empty" has no tables of Earshot that user "default" may read: run earshot migrate up`},
		"older tables":     {options{"database": "old"}, false, `The tables in database "old" are older than this plugin: run earshot migrate up.`},
		"HTTP's port":      {options{"address": "clickhouse:8123"}, false, "port 8123 is that of ClickHouse's HTTP"},
		"bad certificates": {options{"secure": true, "tlsCACert": "x"}, false, "tlsCACert: there is no PEM certificate in it"},
	} {
		t.Run(name, func(t *testing.T) {
			p := serve(t, c.settings)
			r := health(t, p)
			require.Contains(t, r.Message, c.says)
			want := backend.HealthStatusError
			if c.healthy {
				want = backend.HealthStatusOk
			}
			require.Equal(t, want, r.Status)
			require.NotContains(t, r.Message+string(r.JSONDetails), "wrong\"", "no password goes out")
		})
	}
}

func TestQueriesToNowhereSaySo(t *testing.T) {
	for name, c := range map[string]struct {
		settings options
		status   backend.Status
		says     string
	}{
		"unreachable":    {options{"address": "127.0.0.1:1"}, backend.StatusBadGateway, "ClickHouse is not reachable (127.0.0.1:1"},
		"wrong password": {options{"username": "nobody"}, backend.StatusBadGateway, "ClickHouse refuses the user or the password"},
		"wrong settings": {options{"maxRows": -1}, backend.StatusBadRequest, "maxRows: -1 is not between"},
		"no tables":      {options{"database": "default"}, backend.StatusBadGateway, "run earshot migrate up"},
	} {
		t.Run(name, func(t *testing.T) {
			got := serve(t, c.settings).one(t, `{"queryType":"summary"}`)
			require.ErrorContains(t, got.Error, c.says)
			require.Equal(t, c.status, got.Status)
		})
	}
}
