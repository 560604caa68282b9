package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/lab/report"
)

// needEngine skips where the engine is not installed, except in CI.
func needEngine(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a real call takes a while")
	}
	if _, err := embedded.Find(); errors.Is(err, embedded.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
}

const twoSFUs = `
call: test
sfus: [{id: fra}, {id: iad}]
links: [{between: [fra, iad], delay_ms: [60, 40]}]
clients:
  - {id: ana, sfu: fra, delay_ms: 15, publish: [audio]}
  - {id: bo, sfu: iad, delay_ms: 10, publish: []}
`

// A real call goes through everything: probes, WebSocket, collector, Kafka protocol, processor, ClickHouse, queries. How
// exact the value is depends on the host, so the bound is wide; docs/accuracy.md has the figures.
func TestARealCallIsStitchedStoredAndCompared(t *testing.T) {
	needEngine(t)
	dir := t.TempDir()
	out := filepath.Join(t.TempDir(), "out.json")
	args := []string{"lab", "run", "--topology", file(t, "call.yaml", twoSFUs), "--duration", "22s", "--json", out, "--data-dir", dir}
	var stderr bytes.Buffer
	require.Zero(t, run(t.Context(), args, &stderr), stderr.String())

	data, err := os.ReadFile(out)
	require.NoError(t, err)
	var rep report.Report
	require.NoError(t, json.Unmarshal(data, &rep))
	require.Len(t, rep.Paths, 1)
	p := rep.Paths[0]
	require.Equal(t, "ana", p.Publisher)
	require.Equal(t, "bo", p.Subscriber)
	require.Equal(t, []string{"fra", "iad"}, p.SFUPath)
	require.Equal(t, 3, p.Hops)
	require.Positive(t, p.Windows)
	require.Equal(t, report.Complete, p.Status, "a receive-only viewer has an end-to-end value")
	require.InDelta(t, 150, *p.TrueRTT, 1e-6)
	require.InDelta(t, 150, *p.RTT, 60)
	require.Zero(t, rep.Summary.WrongPaths)
	require.Zero(t, rep.Summary.Dead)
	require.Positive(t, rep.Summary.SamplesSent)
	require.Equal(t, rep.Summary.SamplesSent, rep.Summary.SamplesStored, "what was sent has rows")

	// The data is still there to be asked.
	f := storeFlags{Database: "earshot", DataDir: dir}
	s, err := f.open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	rows, err := questions(s.DB).E2E(t.Context(), query.E2EQuery{CallID: "test"})
	require.NoError(t, err)
	require.NotEmpty(t, rows)
}

func TestTheDeathOfClickHouseEndsTheRunWithItsReason(t *testing.T) {
	needEngine(t)
	f := labFlags{stackFlags: stackFlags{storeFlags: storeFlags{Database: "earshot", User: "default", DataDir: t.TempDir()}, LogLevel: "error"}}
	top, err := f.load()
	require.NoError(t, err)
	r, err := f.start(t.Context(), top, func(string, ...any) {})
	require.NoError(t, err)
	require.NoError(t, r.play(t.Context(), 1))
	require.NoError(t, syscall.Kill(r.engine.PID(), syscall.SIGKILL))

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = r.end(ctx, r.observe(ctx, time.Hour))
	require.ErrorContains(t, err, "the embedded ClickHouse")
	require.ErrorContains(t, err, "ended unexpectedly: signal: killed")
	require.ErrorAs(t, err, new(failure))
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", loopback(0))
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	return ln.Addr().(*net.TCPAddr).Port
}

func TestASecondRunBesideTheFirstKeepsToItself(t *testing.T) {
	needEngine(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	start := func(f stackFlags) (*stack, error) { return f.start(t.Context(), func(string, ...any) {}) }
	f := stackFlags{storeFlags: storeFlags{Database: "earshot", User: "default"}, LogLevel: "error"}
	first, err := start(f)
	require.NoError(t, err)
	defer func() { require.NoError(t, first.close(context.Background())) }()
	require.NoError(t, first.announce())

	beside := f
	beside.ClickHousePort = freePort(t)
	second, err := start(beside)
	require.NoError(t, err)
	require.Equal(t, loopback(beside.ClickHousePort), second.ClickHouse, "others can be told beforehand where the tables are")
	require.NotEqual(t, first.dataDir, second.dataDir)
	require.NoError(t, second.announce())
	require.NoError(t, second.close(context.Background()))
	require.NoDirExists(t, second.dataDir)

	e, err := readEndpoints(first.dataDir)
	require.NoError(t, err)
	require.Equal(t, first.endpoints, e, "others are sent to the first one still")

	f.DataDir = first.dataDir
	_, err = start(f)
	require.ErrorContains(t, err, "is in use by another earshot; stop that one or name another with --data-dir")
}
