package clickhouse_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
)

// engine is one real server for all tests of the package; every test gets a database of its own.
var engine *embedded.Server

var errEngine error

func TestMain(m *testing.M) {
	embedded.RunChildIfAsked()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx := context.Background()
	if engine, errEngine = embedded.New(embedded.Config{}, embedded.Dependencies{}); errEngine == nil {
		errEngine = engine.Start(ctx)
	}
	code := m.Run()
	if err := engine.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := engine.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

var databases atomic.Uint64

// testDB is an empty database on the real engine. Without an engine the test is skipped, except in CI.
func testDB(t testing.TB, cfg clickhouse.Config) *clickhouse.DB {
	t.Helper()
	needEngine(t)
	cfg.Addr = []string{engine.Addr()}
	if cfg.Database == "" {
		cfg.Database = fmt.Sprintf("test_%d", databases.Add(1))
	}
	db, err := clickhouse.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	admin, err := clickhouse.Open(clickhouse.Config{Addr: cfg.Addr, Database: "default"})
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	require.NoError(t, admin.Exec(context.Background(), "CREATE DATABASE IF NOT EXISTS {d:Identifier}", clickhouse.Params{"d": cfg.Database}))
	return db
}

func needEngine(t testing.TB) {
	t.Helper()
	if errEngine != nil && os.Getenv("CI") != "true" && strings.Contains(errEngine.Error(), "make engine") {
		t.Skip(errEngine)
	}
	require.NoError(t, errEngine)
}
