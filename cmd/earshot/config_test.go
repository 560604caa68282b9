package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/config"
	"github.com/earshot-rtc/earshot/internal/config/comments"
)

// output runs a command as a user would, but within this process.
func output(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	before := os.Stdout
	os.Stdout = w
	read := make(chan string)
	go func() {
		var all strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := r.Read(buf)
			all.Write(buf[:n])
			if err != nil {
				break
			}
		}
		read <- all.String()
	}()
	var errs strings.Builder
	code = run(t.Context(), args, &errs)
	os.Stdout = before
	require.NoError(t, w.Close())
	return code, <-read, errs.String()
}

func TestEveryKeyHasADescriptionAndTheGeneratedFilesAreCurrent(t *testing.T) {
	found, err := comments.Read("../..", "cmd/earshot", "fileConfig")
	require.NoError(t, err)
	want := map[string]string{}
	require.NoError(t, json.Unmarshal(keyComments, &want))
	require.Equal(t, want, found, "run make generate")

	cfg := defaultConfig()
	variables := map[string]string{}
	for _, k := range config.Keys(&cfg) {
		require.NotEmpty(t, found[k.Path], "%s: the field has no comment", k.Path)
		name := config.Variable(environment, k.Path)
		require.True(t, k.InList() || variables[name] == "", "%s stands for %s and %s", name, k.Path, variables[name])
		variables[name] = k.Path
	}
	docs, err := os.ReadFile("../../docs/config.md")
	require.NoError(t, err)
	code, out, _ := output(t, "config", "docs")
	require.Zero(t, code)
	require.Equal(t, string(docs), out, "run make generate")
}

func TestCheckIsContentWithWhatIsRight(t *testing.T) {
	path := file(t, "earshot.yaml", "collector: {kafka: {brokers: ['kafka:9092']}}\n") // and nothing about other services
	code, out, errs := output(t, "config", "check", path)
	require.Zero(t, code, "%s%s", out, errs)
	require.Equal(t, path+" is right\n", out)
}

func TestCheckTellsOfEveryMistakeByFileLineAndKey(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	path := file(t, "earshot.yaml", `log: {level: loud}
collector:
  listen: 127.0.0.1:4480
  kafka:
    brokers: ["kafka:9092"]
  privacy:
    user_id_key_file: `+none+`
  enrich:
    files: [`+none+`.mmdb]
  tls:
    cert_file: `+none+`.crt
    key_file: `+none+`.key
processor:
  brokers: ["kafka:9092"]
  window: 48h
`)
	code, out, errs := output(t, "config", "check", path)
	require.Equal(t, exitUsage, code)
	for _, want := range []string{
		path + `:1: log: log level "loud" is unknown`,
		path + ":7: collector.privacy.user_id_key_file: open " + none,
		path + ":9: collector.enrich.files[0]: " + none + ".mmdb cannot be read",
		path + ":15: processor.window is 48h0m0s",
		path + ": clickhouse.addr is empty",
		none + ".crt",
	} {
		require.Contains(t, out, want)
	}
	require.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 6)
	require.Equal(t, "earshot: there are 6 problems with the configuration\n", errs)

	code, out, _ = output(t, "config", "check", file(t, "typo.yaml", "colector: {}\nlog:\n  levl: x\n"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, out, `typo.yaml:1: unknown key "colector"; remove it or correct its spelling`)
	require.Contains(t, out, `typo.yaml:3: unknown key "levl"; remove it or correct its spelling`)

	code, _, errs = output(t, "config", "check", none)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, none+": cannot be read")
}

func TestDumpShowsWhatCountsAndNoSecret(t *testing.T) {
	path := file(t, "earshot.yaml", "collector: {listen: '127.0.0.1:1', privacy: {user_id_key: 0123456789abcdef}}\n")
	t.Setenv("EARSHOT_COLLECTOR_LISTEN", "127.0.0.1:2")
	t.Setenv("EARSHOT_CLICKHOUSE_PASSWORD", "s3cr3t")
	code, out, errs := output(t, "config", "dump", "--config", path)
	require.Zero(t, code, errs)
	require.Contains(t, out, "listen: 127.0.0.1:2")
	require.Contains(t, out, "samples: 10000")
	require.Contains(t, out, "password: (secret)")
	require.NotContains(t, out, "s3cr3t")
	require.NotContains(t, out, "0123456789abcdef")

	t.Setenv("EARSHOT_COLLECTOR_LISTN", "x")
	code, _, errs = output(t, "config", "dump", "--config", path)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "EARSHOT_COLLECTOR_LISTN is set, but there is no such key")
}
