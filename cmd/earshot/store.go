package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// storeFlags say which ClickHouse to ask. Without an address that is the embedded one: of a demo or lab run that is going on,
// or, where none is, of the data that the last one left.
type storeFlags struct {
	ClickHouse string `name:"clickhouse" placeholder:"HOST:PORT" env:"EARSHOT_CLICKHOUSE" help:"Native address of a ClickHouse. Default: the embedded one of the demo and the lab."`
	Database   string `default:"earshot" env:"EARSHOT_CLICKHOUSE_DATABASE" help:"Database that holds the tables."`
	User       string `default:"default" env:"EARSHOT_CLICKHOUSE_USER" help:"ClickHouse user."`
	Password   string `env:"EARSHOT_CLICKHOUSE_PASSWORD" help:"ClickHouse password; better given in the environment."`
	DataDir    string `name:"data-dir" type:"path" env:"EARSHOT_DATA_DIR" help:"Where the embedded ClickHouse keeps its data. Default: the user's cache folder."`
}

// store is an open connection, with whatever has to be closed after it.
type store struct {
	*clickhouse.DB
	closers []func() error
}

func (s *store) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

func (f *storeFlags) config(addr string) clickhouse.Config {
	return clickhouse.Config{Addr: []string{addr}, Database: f.Database, User: f.User, Password: f.Password}
}

// open connects, and starts the embedded engine on the data that is there when nothing else is.
func (f *storeFlags) open(ctx context.Context) (*store, error) {
	if f.ClickHouse != "" {
		return f.connect(ctx, f.ClickHouse)
	}
	dir, err := f.dataDir()
	if err != nil {
		return nil, err
	}
	if e, err := readEndpoints(dir); err == nil {
		if s, err := f.connect(ctx, e.ClickHouse); err == nil {
			return s, nil
		}
	}
	engine := filepath.Join(dir, "clickhouse")
	if _, err := os.Stat(engine); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no ClickHouse to ask: nothing runs and %s holds no data; "+
			"run earshot demo first, or name a server with --clickhouse HOST:9000", dir)
	}
	server, err := embedded.New(embedded.Config{DataDir: engine}, embedded.Dependencies{})
	if err != nil {
		return nil, err
	}
	if err := server.Start(ctx); err != nil {
		return nil, err
	}
	stop := func() error { return server.Shutdown(context.WithoutCancel(ctx)) }
	s, err := f.connect(ctx, server.Addr())
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	s.closers = append(s.closers, stop)
	// The data may be older than this program.
	if _, err := clickhouse.Migrate(ctx, s.DB, ddl.Migrations); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (f *storeFlags) connect(ctx context.Context, addr string) (*store, error) {
	db, err := clickhouse.Open(f.config(addr))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return &store{DB: db, closers: []func() error{db.Close}}, nil
}

func (f *storeFlags) dataDir() (string, error) {
	if f.DataDir != "" {
		return f.DataDir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for data: %w; name one with --data-dir", err)
	}
	return filepath.Join(cache, "earshot"), nil
}

// endpoints is what a running demo or lab tells the other commands of where it can be reached.
type endpoints struct {
	ClickHouse     string `json:"clickhouse"`
	ClickHouseHTTP string `json:"clickhouse_http,omitempty"`
	Kafka          string `json:"kafka"`
	Collector      string `json:"collector"`
	Console        string `json:"console,omitempty"`
}

func endpointsFile(dir string) string { return filepath.Join(dir, "endpoints.json") }

func readEndpoints(dir string) (endpoints, error) {
	var e endpoints
	data, err := os.ReadFile(endpointsFile(dir))
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(data, &e)
}

func (e endpoints) write(dir string) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(endpointsFile(dir), append(data, '\n'), 0o600)
}

// questions makes the query service over an open store.
func questions(db *clickhouse.DB) *query.Service { return query.New(db) }
