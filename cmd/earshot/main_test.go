package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/lab/child"
)

func TestMain(m *testing.M) {
	clickhouse.RunChildIfAsked()
	child.RunIfAsked()
	os.Exit(m.Run())
}

// file writes a file for a test and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestMistakesAreOneSentenceAndExitCode2(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	_, taken, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	topology := file(t, "call.yaml", "call: x\nsfus: [{id: fra}]\nlinkz: []\n")
	config := file(t, "earshot.yaml", "log: {level: info}\ncolector: {}\n")
	noBrokers := file(t, "brokers.yaml", "collector: {listen: '127.0.0.1:0'}\n")
	badDuration := file(t, "duration.yaml", "processor:\n  window: soon\n")

	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":          {[]string{"demo", "--fast"}, "earshot: unknown flag --fast; see earshot --help"},
		"no command":            {nil, `earshot: expected one of`},
		"unreadable topology":   {[]string{"demo", "--topology", "none.yaml"}, "earshot: none.yaml: topology cannot be read: no such file or directory"},
		"unknown topology key":  {[]string{"lab", "run", "--topology", topology}, `earshot: ` + topology + `:3: unknown key "linkz"; remove it or correct its spelling`},
		"no topology":           {[]string{"lab", "run"}, "earshot: no call is named; give --topology FILE"},
		"port in use":           {[]string{"demo", "--port", taken}, "earshot: 127.0.0.1:" + taken + " is in use by another process; stop that one or choose another address with --port"},
		"no such port":          {[]string{"demo", "--port", "70000"}, "earshot: --port 70000 is not a port; give one from 0 to 65535"},
		"database port in use":  {[]string{"demo", "--port", "0", "--clickhouse-port", taken}, "earshot: 127.0.0.1:" + taken + " is in use by another process; stop that one or choose another address with --clickhouse-port"},
		"no such database port": {[]string{"demo", "--port", "0", "--clickhouse-port", "90000"}, "earshot: --clickhouse-port 90000 is not a port; give one from 0 to 65535"},
		"two databases":         {[]string{"demo", "--port", "0", "--clickhouse-port", "9000", "--clickhouse", "db:9000"}, "earshot: --clickhouse-port is for the embedded ClickHouse, but --clickhouse names another one; remove one of the two"},
		"negative duration":     {[]string{"demo", "--duration=-5s"}, "earshot: --duration -5s is negative; give one like 60s"},
		"report has no place":   {[]string{"demo", "--port", "0", "--json", "/no/such/folder/out.json"}, "earshot: --json /no/such/folder/out.json cannot be written: no such file or directory; name another file"},
		"unknown config key":    {[]string{"collector", "--config", config}, `earshot: ` + config + `:2: unknown key "colector"; remove it or correct its spelling`},
		"wrong config value":    {[]string{"processor", "--config", badDuration}, `earshot: ` + badDuration + ":2: cannot unmarshal"},
		"no brokers":            {[]string{"collector", "--config", noBrokers}, "earshot: kafka: no brokers are named; give at least one host:port"},
		"unknown log level":     {[]string{"demo", "--port", "0", "--log-level", "loud"}, `earshot: log level "loud" is unknown; use debug, info, warn or error`},
		"no ClickHouse":         {[]string{"migrate"}, "earshot: no ClickHouse is named; give --clickhouse HOST:9000"},
		"nothing to ask":        {[]string{"query", "e2e", "--call", "x", "--data-dir", t.TempDir()}, "earshot: there is no ClickHouse to ask"},
		"erase nobody":          {[]string{"erase"}, "earshot: say who or what is to be erased: give one of --user, --client and --call"},
		"erase two":             {[]string{"erase", "--user", "a", "--call", "b"}, "earshot: say who or what is to be erased: give one of --user, --client and --call"},
		"no such length":        {[]string{"query", "calls", "--since", "yesterday"}, `earshot: --since: "yesterday" is no length of time such as 15m, 24h or 7d`},
		"no such order":         {[]string{"query", "calls", "--sort", "name"}, `earshot: --sort must be one of "last_seen","first_seen"`},
		"no call to ask about":  {[]string{"query", "participants"}, `earshot: missing flags: --call=ID; see earshot --help`},
		"ClickHouse is away":    {[]string{"query", "e2e", "--call", "x", "--clickhouse", "127.0.0.1:1"}, "earshot: clickhouse ping: ClickHouse is not reachable (127.0.0.1:1, database earshot)"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.Equal(t, exitUsage, run(t.Context(), tc.args, &out))
			got := strings.TrimSpace(out.String())
			require.True(t, strings.HasPrefix(got, tc.want), "%q does not begin with %q", got, tc.want)
			require.NotContains(t, got, "\n", "one sentence")
		})
	}
}

func TestMissingEngineIsSaidWithWhatToDo(t *testing.T) {
	t.Setenv("EARSHOT_CHDB_LIB", "/no/such/libchdb.so")
	var out bytes.Buffer
	require.Equal(t, exitUsage, run(t.Context(), []string{"demo", "--port", "0", "--data-dir", t.TempDir()}, &out))
	require.Contains(t, out.String(), "EARSHOT_CHDB_LIB")
	require.Contains(t, out.String(), "/no/such/libchdb.so")
}

func TestTheConfigurationThatComesAlongIsValid(t *testing.T) {
	d, err := serviceFlags{Config: "../../deploy/earshot.yaml"}.load()
	require.NoError(t, err)
	require.NoError(t, d.cfg.Collector.Validate())
	require.NoError(t, d.cfg.Processor.Validate())
	require.Equal(t, []string{"clickhouse:9000"}, d.cfg.ClickHouse.Addr)
	require.Equal(t, []string{"kafka:9092"}, d.cfg.Collector.Kafka.Brokers)
}

func TestThePasswordMayComeFromTheEnvironment(t *testing.T) {
	t.Setenv("EARSHOT_CLICKHOUSE_PASSWORD", "secret")
	d, err := serviceFlags{Config: file(t, "e.yaml", "clickhouse: {addr: ['a:9000'], password: other}\n")}.load()
	require.NoError(t, err)
	require.Equal(t, "secret", d.cfg.ClickHouse.Password)
}
