package query

import (
	"embed"
	"maps"
	"strings"
)

// One file is one question, written as it runs, except that the name of a file x_columns.sql in a comment stands for the columns in
// it, which several questions share.
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
		for shared, columns := range out {
			if strings.HasSuffix(shared, "_columns") {
				text = strings.ReplaceAll(text, "/* "+shared+" */", strings.TrimSpace(columns))
			}
		}
		out[name] = text
	}
	maps.DeleteFunc(out, func(name, _ string) bool { return strings.HasSuffix(name, "_columns") })
	return out
}

func statement(name string) string { return statements[name] }
