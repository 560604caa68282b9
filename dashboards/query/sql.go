package query

import (
	"embed"
	"strings"
)

// One file is one question, written as it runs, except that e2e_columns stands for the columns that an E2ERow is read from.
//
//go:embed sql/*.sql
var files embed.FS

var statements = load()

func load() map[string]string {
	entries, err := files.ReadDir("sql")
	if err != nil {
		panic(err) // embedded: it is there or nothing was built
	}
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		text, err := files.ReadFile("sql/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[strings.TrimSuffix(e.Name(), ".sql")] = string(text)
	}
	for name, text := range out {
		out[name] = strings.ReplaceAll(text, "/* e2e_columns */", strings.TrimSpace(out["e2e_columns"]))
	}
	delete(out, "e2e_columns")
	return out
}

func statement(name string) string { return statements[name] }
