package clickhouse

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

var migrationName = regexp.MustCompile(`^\d{4}_[a-z0-9_]+\.sql$`)

// migration is one file.
type migration struct {
	name, checksum string
	statements     []string
}

// readMigrations reads the files of the folder "migrations", or of the root where there is none.
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
