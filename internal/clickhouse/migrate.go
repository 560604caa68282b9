package clickhouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// createLedger makes the table that says which migrations were applied.
const createLedger = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY name`

var migrationName = regexp.MustCompile(`^\d{4}_[a-z0-9_]+\.sql$`)

type migration struct {
	name, checksum string
	statements     []string
}

// Migrate creates the database where it is missing and applies the files NNNN_name.sql of the folder "migrations" (or of the
// root, where there is no such folder) in the order of their numbers, each once; it returns the names of those it applied. A
// file that was applied must not change any more: Migrate refuses to go on when one has.
//
// ClickHouse has neither transactions over DDL nor locks, so a migration may run twice: when two processes start at once, or
// when one dies between a statement and its record. Every statement therefore has to be one that does no harm the second time
// (IF NOT EXISTS, IF EXISTS).
func Migrate(ctx context.Context, db *DB, migrations fs.FS) (applied []string, err error) {
	list, err := readMigrations(migrations)
	if err != nil {
		return nil, err
	}
	if err := db.createDatabase(ctx); err != nil {
		return nil, err
	}
	if err := db.Exec(ctx, createLedger, nil); err != nil {
		return nil, fmt.Errorf("create schema_migrations: %w", err)
	}
	done, err := db.ledger(ctx)
	if err != nil {
		return nil, fmt.Errorf("read schema_migrations: %w", err)
	}
	for _, m := range list {
		if old, ok := done[m.name]; ok {
			if old.Checksum != m.checksum {
				return applied, fmt.Errorf("migration %s was changed after it had been applied to %s on %s; put the file back as it was and write the change as a new migration",
					m.name, db.where(), old.AppliedAt.Format(time.DateTime))
			}
			continue
		}
		for _, statement := range m.statements {
			if err := db.Exec(ctx, statement, nil); err != nil {
				return applied, fmt.Errorf("migration %s: %w", m.name, err)
			}
		}
		if err := db.Insert(ctx, "schema_migrations", "", []Column{
			{"name", []string{m.name}}, {"checksum", []string{m.checksum}}, {"applied_at", []time.Time{time.Now()}},
		}); err != nil {
			return applied, fmt.Errorf("record migration %s: %w", m.name, err)
		}
		applied = append(applied, m.name)
	}
	return applied, nil
}

// createDatabase goes by the server's default database, since no connection can be had to one that is not there yet.
func (db *DB) createDatabase(ctx context.Context) error {
	if db.cfg.Database == "default" {
		return nil
	}
	cfg := db.cfg
	cfg.Database = "default"
	first, err := Open(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = first.Close() }()
	err = first.Exec(ctx, "CREATE DATABASE IF NOT EXISTS {name:Identifier}", Params{"name": db.cfg.Database})
	if err != nil {
		return fmt.Errorf("create database %s: %w", db.cfg.Database, err)
	}
	return nil
}

type ledgerRow struct {
	Name      string    `ch:"name"`
	Checksum  string    `ch:"checksum"`
	AppliedAt time.Time `ch:"applied_at"`
}

func (db *DB) ledger(ctx context.Context) (map[string]ledgerRow, error) {
	rows, err := Select[ledgerRow](ctx, db, "SELECT name, checksum, applied_at FROM schema_migrations ORDER BY applied_at", nil)
	if err != nil {
		return nil, err
	}
	done := make(map[string]ledgerRow, len(rows))
	for _, r := range rows {
		done[r.Name] = r
	}
	return done, nil
}

func readMigrations(files fs.FS) ([]migration, error) {
	if info, err := fs.Stat(files, "migrations"); err == nil && info.IsDir() {
		if files, err = fs.Sub(files, "migrations"); err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("migrations: there is no .sql file")
	}
	slices.Sort(names)
	list := make([]migration, 0, len(names))
	for i, name := range names {
		if !migrationName.MatchString(name) {
			return nil, fmt.Errorf("migration %s: the name is not like 0001_what.sql", name)
		}
		if i > 0 && name[:4] == names[i-1][:4] {
			return nil, fmt.Errorf("migrations %s and %s have the same number", names[i-1], name)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		// A checkout with Windows line ends is the same migration.
		sql := strings.ReplaceAll(string(text), "\r\n", "\n")
		sum := sha256.Sum256([]byte(sql))
		m := migration{name: name, checksum: hex.EncodeToString(sum[:]), statements: statements(sql)}
		if len(m.statements) == 0 {
			return nil, fmt.Errorf("migration %s: there is no statement in it", name)
		}
		list = append(list, m)
	}
	return list, nil
}

// statements splits SQL at the semicolons that stand outside of quotes and comments, and drops parts without a word in them.
func statements(sql string) []string {
	var list []string
	start, words := 0, false
	flush := func(end int) {
		if words {
			list = append(list, strings.TrimSpace(sql[start:end]))
		}
		start, words = end+1, false
	}
	skipTo := func(i int, end string) int {
		if n := strings.Index(sql[i:], end); n >= 0 {
			return i + n + len(end) - 1
		}
		return len(sql)
	}
	for i := 0; i < len(sql); i++ {
		switch c := sql[i]; {
		case c == ';':
			flush(i)
		case strings.HasPrefix(sql[i:], "--"):
			i = skipTo(i, "\n")
		case strings.HasPrefix(sql[i:], "/*"):
			i = skipTo(i+2, "*/")
		case c == '\'' || c == '"' || c == '`':
			words = true
			for i++; i < len(sql) && sql[i] != c; i++ {
				if sql[i] == '\\' {
					i++
				}
			}
		case c > ' ':
			words = true
		}
	}
	flush(len(sql))
	return list
}
