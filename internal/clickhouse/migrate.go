package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Migrations are the files NNNN_name.sql of a folder "migrations" (or of the root, where there is no such folder): applied in the
// order of their numbers, each once, and recorded in the table schema_migrations. A file that was applied must not change any
// more.
//
// ClickHouse has neither transactions over DDL nor locks, so a migration may run twice: when two processes start at once, or
// when one dies between a statement and its record. Every statement therefore has to be one that does no harm the second time
// (IF NOT EXISTS, IF EXISTS, or a setting that is set again).
type Migrations struct {
	// Files has them.
	Files fs.FS
	// Cluster, where it has a name, turns the statements into those of a cluster.
	Cluster Cluster
}

// State says how a migration stands.
type State string

// States of a migration.
const (
	Applied State = "applied"
	Pending State = "pending"
	// Changed is one whose file is not what was applied.
	Changed State = "changed"
)

// MigrationStatus is how one migration stands.
type MigrationStatus struct {
	Name  string
	State State
	// AppliedAt is zero for one that was not.
	AppliedAt time.Time
}

// Migrate applies the files to a single server; it returns the names of those it applied.
func Migrate(ctx context.Context, db *DB, files fs.FS) (applied []string, err error) {
	return Migrations{Files: files}.Up(ctx, db)
}

// Up creates the database where it is missing and applies what is pending; it returns the names of the files it applied. It refuses
// to go on when a file has changed that was applied before.
func (m Migrations) Up(ctx context.Context, db *DB) (applied []string, err error) {
	list, err := m.read(db)
	if err != nil {
		return nil, err
	}
	if err := m.prepare(ctx, db); err != nil {
		return nil, err
	}
	done, err := db.ledger(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if old, ok := done[one.name]; ok {
			if old.Checksum != one.checksum {
				return applied, fmt.Errorf("migration %s was changed after it had been applied to %s on %s; put the file back as it was and write the change as a new migration",
					one.name, db.where(), old.AppliedAt.Format(time.DateTime))
			}
			continue
		}
		for _, statement := range one.statements {
			if err := db.Exec(ctx, statement, nil); err != nil {
				return applied, fmt.Errorf("migration %s: %w", one.name, err)
			}
		}
		if err := db.record(ctx, one.name, one.checksum); err != nil {
			return applied, fmt.Errorf("record migration %s: %w", one.name, err)
		}
		applied = append(applied, one.name)
	}
	return applied, nil
}

// Status says how every file stands, in their order. It changes nothing; of a database that does not exist all is pending.
func (m Migrations) Status(ctx context.Context, db *DB) ([]MigrationStatus, error) {
	list, err := m.read(db)
	if err != nil {
		return nil, err
	}
	done, err := db.ledger(ctx)
	if code := Code(err); code == errUnknownDatabase || code == errUnknownTable {
		done, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]MigrationStatus, 0, len(list))
	for _, one := range list {
		s := MigrationStatus{Name: one.name, State: Pending}
		if old, ok := done[one.name]; ok {
			s.State, s.AppliedAt = Applied, old.AppliedAt
			if old.Checksum != one.checksum {
				s.State = Changed
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// Plan is the SQL that Up would run of the files that want says yes to, statement by statement, the first ones to make the
// database and the record.
func (m Migrations) Plan(db *DB, want func(name string) bool) ([]string, error) {
	list, err := m.read(db)
	if err != nil {
		return nil, err
	}
	var plan []string
	for _, one := range list {
		if !want(one.name) {
			continue
		}
		if plan == nil {
			plan = []string{m.Cluster.createDatabase(db.cfg.Database), m.Cluster.createLedger(db.cfg.Database)}
		}
		plan = append(plan, one.statements...)
	}
	return plan, nil
}

// ClickHouse's error codes.
const (
	errUnknownTable    = 60
	errUnknownDatabase = 81
)

// read gives the files, as they are for the cluster.
func (m Migrations) read(db *DB) ([]migration, error) {
	list, err := readMigrations(m.Files)
	if err != nil || m.Cluster.Name == "" {
		return list, err
	}
	tables := map[string]bool{}
	for i := range list {
		if list[i].statements, err = m.Cluster.rewrite(db.cfg.Database, list[i].statements, tables); err != nil {
			return nil, fmt.Errorf("migration %s: %w", list[i].name, err)
		}
	}
	return list, nil
}

// prepare makes the database and the record.
func (m Migrations) prepare(ctx context.Context, db *DB) error {
	if db.cfg.Database != "default" {
		// By the server's default database, since no connection can be had to one that is not there yet.
		cfg := db.cfg
		cfg.Database = "default"
		first, err := Open(cfg)
		if err != nil {
			return err
		}
		err = first.Exec(ctx, m.Cluster.createDatabase(db.cfg.Database), nil)
		if err = errors.Join(err, first.Close()); err != nil {
			return fmt.Errorf("create database %s: %w", db.cfg.Database, err)
		}
	}
	if err := db.Exec(ctx, m.Cluster.createLedger(db.cfg.Database), nil); err != nil {
		return fmt.Errorf("create schema_migrations: %w", err)
	}
	return nil
}

type ledgerRow struct {
	Name      string    `ch:"name"`
	Checksum  string    `ch:"checksum"`
	AppliedAt time.Time `ch:"applied_at"`
}

// ledger is what was applied, the last record of each.
func (db *DB) ledger(ctx context.Context) (map[string]ledgerRow, error) {
	rows, err := Select[ledgerRow](ctx, db, "SELECT name, checksum, applied_at FROM schema_migrations ORDER BY applied_at", nil)
	if err != nil {
		return nil, fmt.Errorf("read schema_migrations: %w", err)
	}
	done := make(map[string]ledgerRow, len(rows))
	for _, r := range rows {
		done[r.Name] = r
	}
	return done, nil
}

func (db *DB) record(ctx context.Context, name, checksum string) error {
	return db.Insert(ctx, "schema_migrations", "", []Column{
		{"name", []string{name}}, {"checksum", []string{checksum}}, {"applied_at", []time.Time{time.Now()}},
	})
}
