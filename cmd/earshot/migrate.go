package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" default:"withargs" help:"Apply what is missing. This is what earshot migrate does by itself."`
	Status migrateStatusCmd `cmd:"" help:"Say of every migration whether it is applied, pending or changed."`
	Plan   migratePlanCmd   `cmd:"" help:"Print the SQL that up would run, and run nothing. Without an address: all of it, for a new store."`
}

// migrateFlags are those of all three.
type migrateFlags struct {
	storeFlags
	Config    string                   `placeholder:"FILE" env:"EARSHOT_CONFIG" help:"Configuration file, YAML; its section clickhouse says what flags do not."`
	Cluster   string                   `placeholder:"NAME" help:"Make the tables on this cluster: replicated, distributed, sharded by call."`
	Retention map[string]time.Duration `placeholder:"TABLE=DURATION" mapsep:"," help:"How long a table keeps its rows, such as e2e=720h; 0s: for ever. Several with commas between."`
}

// migrationsOf are the tables as a configuration wants them.
func migrationsOf(cfg clickhouseConfig) clickhouse.Migrations {
	return clickhouse.Migrations{Files: ddl.Migrations, Cluster: clickhouse.Cluster{
		// A call's rows are stitched, summed up and asked for together.
		Name: cfg.Cluster, ShardBy: "call_id", ShardExpression: "cityHash64(call_id)",
	}}
}

// migrate brings tables and retention up to date, as the services do it when they start.
func migrate(ctx context.Context, db *clickhouse.DB, cfg clickhouseConfig) error {
	m := migrationsOf(cfg)
	if _, err := m.Up(ctx, db); err != nil {
		return err
	}
	_, err := m.Retain(ctx, db, cfg.Retention)
	return err
}

// settings lays the flags over the file.
func (f *migrateFlags) settings() (clickhouseConfig, error) {
	file, err := readConfig(f.Config)
	if err != nil {
		return clickhouseConfig{}, err
	}
	cfg := file.ClickHouse
	if f.ClickHouse != "" {
		cfg.Addr = []string{f.ClickHouse}
	}
	if cfg.Database == "" || f.Database != "earshot" {
		cfg.Database = f.Database
	}
	if cfg.User == "" || f.User != "default" {
		cfg.User = f.User
	}
	if f.Password != "" {
		cfg.Password = f.Password
	}
	if f.Cluster != "" {
		cfg.Cluster = f.Cluster
	}
	for table, d := range f.Retention {
		if cfg.Retention == nil {
			cfg.Retention = map[string]time.Duration{}
		}
		cfg.Retention[table] = d
	}
	return cfg, migrationsOf(cfg).CheckRetention(cfg.Retention)
}

// open connects to no database, since there may be none yet.
func (f *migrateFlags) open() (clickhouseConfig, *clickhouse.DB, error) {
	cfg, err := f.settings()
	if err != nil {
		return cfg, nil, err
	}
	if len(cfg.Addr) == 0 {
		return cfg, nil, errors.New("no ClickHouse is named; give --clickhouse HOST:9000, or --config FILE with clickhouse.addr " +
			"(the embedded one is migrated when it starts)")
	}
	db, err := cfg.open()
	return cfg, db, err
}

type migrateUpCmd struct {
	migrateFlags
	Backfill bool `help:"Then fill the rollups from the rows that were there before them. No processor may run meanwhile."`
	Rebuild  bool `help:"With --backfill: empty the rollups first. They lose what is older than the rows they are made of."`
}

// Run applies what is missing.
func (c *migrateUpCmd) Run(ctx context.Context) error {
	if c.Rebuild && !c.Backfill {
		return errors.New("--rebuild goes with --backfill")
	}
	cfg, db, err := c.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	m := migrationsOf(cfg)
	applied, err := m.Up(ctx, db)
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	if err != nil {
		return err
	}
	retained, err := m.Retain(ctx, db, cfg.Retention)
	for _, statement := range retained {
		fmt.Println("ran", statement)
	}
	if err != nil {
		return err
	}
	if c.Backfill {
		err := m.Backfill(ctx, db, c.Rebuild, func(table, partition string) { fmt.Println("backfilled from", table, partition) })
		if errors.Is(err, clickhouse.ErrFilled) {
			return fmt.Errorf("%w; --rebuild empties them first: they are then made anew from the rows that are still there", err)
		}
		return err
	}
	if len(applied) == 0 && len(retained) == 0 {
		fmt.Println("nothing to do")
	}
	return nil
}

type migrateStatusCmd struct{ migrateFlags }

// Run prints a line for each migration; one that was changed after it had been applied is an error.
func (c *migrateStatusCmd) Run(ctx context.Context) error {
	cfg, db, err := c.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	list, err := migrationsOf(cfg).Status(ctx, db)
	if err != nil {
		return err
	}
	var changed []string
	for _, s := range list {
		when := ""
		if !s.AppliedAt.IsZero() {
			when = s.AppliedAt.UTC().Format(time.DateTime)
		}
		fmt.Printf("%-8s  %-19s  %s\n", s.State, when, s.Name)
		if s.State == clickhouse.Changed {
			changed = append(changed, s.Name)
		}
	}
	if len(changed) > 0 {
		return fmt.Errorf("changed after they had been applied: %s; put the files back as they were", strings.Join(changed, ", "))
	}
	return nil
}

type migratePlanCmd struct{ migrateFlags }

// Run prints SQL that a client of ClickHouse can run.
func (c *migratePlanCmd) Run(ctx context.Context) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	m := migrationsOf(cfg)
	pending := func(string) bool { return true }
	offline := len(cfg.Addr) == 0
	if offline {
		cfg.Addr = []string{"localhost:9000"} // is not dialled
	}
	db, err := cfg.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var retention []string
	if !offline {
		list, err := m.Status(ctx, db)
		if err != nil {
			return err
		}
		state := map[string]clickhouse.State{}
		for _, s := range list {
			state[s.Name] = s.State
		}
		pending = func(name string) bool { return state[name] == clickhouse.Pending }
		if retention, err = m.PlanRetention(ctx, db, cfg.Retention); err != nil && clickhouse.Code(err) == 0 {
			return err
		}
	}
	plan, err := m.Plan(db, pending)
	if err != nil {
		return err
	}
	return printSQL(os.Stdout, append(plan, retention...))
}

func printSQL(w io.Writer, statements []string) error {
	for _, s := range statements {
		if _, err := fmt.Fprintf(w, "%s;\n\n", s); err != nil {
			return err
		}
	}
	if len(statements) == 0 {
		fmt.Fprintln(os.Stderr, "nothing to do")
	}
	return nil
}
