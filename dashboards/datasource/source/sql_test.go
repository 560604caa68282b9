package source_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/statement"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

func inSQL(t *testing.T, sql string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]string{"queryType": "sql", "format": "table", "sql": sql})
	require.NoError(t, err)
	return string(raw)
}

func rowsOf(t *testing.T, table string) uint64 {
	t.Helper()
	type row struct {
		N uint64 `ch:"n"`
	}
	rows, err := clickhouse.Select[row](t.Context(), openStore(t), "SELECT count() AS n FROM {table:Identifier}", clickhouse.Params{"table": table})
	require.NoError(t, err)
	return rows[0].N
}

// The user of the embedded ClickHouse may do anything, so what is refused here the plugin refuses.
func TestSQLReadsAndDoesNothingElse(t *testing.T) {
	p := serve(t, options{"rawSql": true})
	before := rowsOf(t, "events")
	for name, sql := range map[string]string{
		"insert":              `INSERT INTO events (call_id) VALUES ('x')`,
		"drop":                `DROP TABLE events`,
		"delete":              `ALTER TABLE events DELETE WHERE 1`,
		"truncate":            `TRUNCATE TABLE events`,
		"two statements":      `SELECT 1; DROP TABLE events`,
		"hidden in a comment": "SELECT 1 /* ' */; DROP TABLE events -- '",
		"after a dash":        "SELECT 1 -- '\n; DROP TABLE events",
		"set":                 `SET readonly = 0`,
		"settings":            `SELECT 1 SETTINGS readonly = 0`,
		"limits":              `SELECT count() FROM e2e SETTINGS max_execution_time = 0`,
		"nested settings":     `SELECT * FROM (SELECT 1 SETTINGS additional_table_filters = {})`,
		"outfile":             `SELECT 1 INTO OUTFILE '/tmp/x'`,
		"format":              `SELECT 1 FORMAT JSON`,
		"file":                `SELECT * FROM file('/etc/passwd', 'LineAsString')`,
		"file as a function":  `SELECT file('/etc/passwd')`,
		"url":                 `SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')`,
		"remote":              `SELECT * FROM remote('127.0.0.1:1', system.one)`,
		"quoted":              "SELECT * FROM `remote`('127.0.0.1:1', system.one)",
		"comment between":     `SELECT * FROM remote/**/('127.0.0.1:1', system.one)`,
		"merge":               `SELECT * FROM merge('earshot', '^e2e$')`,
		"system":              `SYSTEM FLUSH LOGS`,
		"kill":                `KILL QUERY WHERE 1`,
		"nothing":             `-- nothing`,
	} {
		t.Run(name, func(t *testing.T) {
			got := p.one(t, inSQL(t, sql))
			require.Error(t, got.Error)
			require.Equal(t, backend.StatusBadRequest, got.Status, "%v", got.Error)
		})
	}
	require.Equal(t, before, rowsOf(t, "events"))
}

func TestSQLShowsOneTenantsRows(t *testing.T) {
	p := serve(t, options{"rawSql": true, "tenant": "acme"})
	for _, sql := range []string{
		`SELECT DISTINCT tenant FROM e2e`, `SELECT DISTINCT tenant FROM earshot.e2e`, "SELECT DISTINCT tenant FROM `earshot`.`e2e`",
		`SELECT DISTINCT tenant FROM e2e_1m`, `SELECT DISTINCT tenant FROM calls`, `WITH c AS (SELECT * FROM e2e) SELECT DISTINCT tenant FROM c`,
		`SELECT DISTINCT t.tenant FROM e2e AS t WHERE 1 OR tenant = ''`, `SELECT tenant FROM e2e WHERE call_id IN (SELECT call_id FROM samples) GROUP BY tenant`,
		`SELECT DISTINCT a.tenant FROM e2e AS a INNER JOIN samples AS b ON a.call_id = b.call_id`,
		`SELECT DISTINCT tenant FROM e2e UNION ALL SELECT DISTINCT tenant FROM samples`,
		`SELECT DISTINCT tenant FROM e2e_1m_from_e2e`,
	} {
		got := p.one(t, inSQL(t, sql))
		require.NoError(t, got.Error, sql)
		f := got.Frames[0]
		require.Positive(t, f.Rows(), sql)
		for i := range f.Rows() {
			require.Equal(t, "acme", *f.Fields[0].At(i).(*string), sql)
		}
	}
	got := p.one(t, inSQL(t, `SELECT count() AS n FROM dead_letters`))
	require.NoError(t, got.Error)
	require.Equal(t, uint64(0), *got.Frames[0].Fields[0].At(0).(*uint64))
}

func TestATenantsNameIsNoSQL(t *testing.T) {
	for _, tenant := range []string{`' OR 1 = 1 --`, `\`, `'}`, `x', 'earshot.samples':'1`} {
		p := serve(t, options{"rawSql": true, "tenant": tenant})
		got := p.one(t, inSQL(t, `SELECT count() AS n FROM e2e`))
		require.NoError(t, got.Error, tenant)
		require.Equal(t, uint64(0), *got.Frames[0].Fields[0].At(0).(*uint64), tenant)
	}
}

// Whatever stands in a field of a query is a value, and never becomes SQL.
func TestFieldsOfAQueryAreNoSQL(t *testing.T) {
	p := serve(t, nil)
	before := rowsOf(t, "events")
	for _, evil := range []string{`' OR 1=1 --`, `x'; DROP TABLE events; --`, `{tenant:String}`, `\`, "\x00", `$1 ? :x`} {
		text, err := json.Marshal(evil)
		require.NoError(t, err)
		for _, query := range []string{
			`{"queryType":"latency","path":%[1]s,"version":%[1]s,"country":%[1]s}`, `{"queryType":"matrix","publisherRegion":%[1]s}`,
			`{"queryType":"calls","call":%[1]s,"browser":%[1]s}`, `{"queryType":"links","sfu":%[1]s}`, `{"queryType":"hops","path":%[1]s}`,
			`{"queryType":"regressions","format":"alert","version":%[1]s}`,
		} {
			got := p.one(t, fmt.Sprintf(query, text))
			require.NoError(t, got.Error)
			for _, f := range got.Frames {
				require.Zero(t, f.Rows())
			}
		}
		for _, query := range []string{`{"queryType":"participants","call":%s}`, `{"queryType":"topology","call":%s}`, `{"queryType":"paths","call":%s}`} {
			require.Equal(t, backend.StatusNotFound, p.one(t, fmt.Sprintf(query, text)).Status)
		}
		require.Equal(t, backend.StatusBadRequest, p.one(t, fmt.Sprintf(`{"queryType":"latency","by":%s}`, text)).Status)
	}
	require.Equal(t, before, rowsOf(t, "events"))
}

func TestTypesOfClickHouseBecomeFields(t *testing.T) {
	p := serve(t, options{"rawSql": true})
	got := p.one(t, inSQL(t, `SELECT toInt8(-1) AS i, toUInt64(18446744073709551615) AS u, toFloat32(1.5) AS f, nan AS nan, true AS b, 'x' AS s, NULL AS n,
		toNullable(2) AS known, CAST(NULL, 'Nullable(Float64)') AS unknown, toDateTime64('2026-03-02 10:00:00.5', 3, 'UTC') AS t, toDate('2026-03-02') AS d,
		toLowCardinality('low') AS low, toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS id, [1, 2] AS list, map('a', 1) AS map, toIPv4('10.0.0.1') AS ip,
		toDecimal64(1.25, 2) AS money, (1, 'a') AS tuple`))
	require.NoError(t, got.Error)
	f := got.Frames[0]
	text := map[string]string{}
	for _, field := range f.Fields {
		v, known := field.ConcreteAt(0)
		text[field.Name] = field.Type().ItemTypeString() + " "
		if known {
			text[field.Name] += fmt.Sprint(v)
		}
	}
	require.Equal(t, map[string]string{
		"i": "*int64 -1", "u": "*uint64 18446744073709551615", "f": "*float64 1.5", "nan": "*float64 ", "b": "*bool true", "s": "*string x", "n": "*string ",
		"known": "*uint64 2", "unknown": "*float64 ", "t": "*time.Time 2026-03-02 10:00:00.5 +0000 UTC", "d": "*time.Time 2026-03-02 00:00:00 +0000 UTC",
		"low": "*string low", "id": "*string 61f0c404-5cb3-11e7-907b-a6006ad3dba0", "list": "*string [1 2]", "map": "*string map[a:1]", "ip": "*string 10.0.0.1",
		"money": "*float64 1.25", "tuple": "*string [1 a]",
	}, text)
	require.Equal(t, data.VisType(data.VisTypeTable), f.Meta.PreferredVisualization)
}

// A user whose profile says readonly = 2, as the one of deploy/compose, cannot change that; its statements read, and nothing else, too.
func TestSQLOfAUserThatMayOnlyRead(t *testing.T) {
	openStore(t)
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{engine.server.Addr()}, MaxConns: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Exec(t.Context(), "SET readonly = 2", nil)) // of the one connection
	limits := statement.Limits{Tenant: "acme", Rows: 10, Timeout: 10 * time.Second}
	f, err := statement.Read(t.Context(), db, "SELECT DISTINCT tenant FROM e2e", limits)
	require.NoError(t, err)
	require.Equal(t, "acme", *f.Fields[0].At(0).(*string))
	_, err = statement.Read(t.Context(), db, "DROP TABLE events", limits)
	require.Equal(t, 164, clickhouse.Code(err))
}
