package config

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes the keys as tables, one for each section, with what comments say of them. Keys of list entries have no
// variable.
func Markdown(w io.Writer, prefix string, keys []Key, comments map[string]string) error {
	var out strings.Builder
	last := ""
	for _, k := range keys {
		section, _, _ := strings.Cut(k.Path, ".")
		if section != last {
			fmt.Fprintf(&out, "\n## %s\n\n", section)
			if c := comments[section]; c != "" {
				fmt.Fprintf(&out, "%s\n\n", c)
			}
			out.WriteString("| key | type | default | what it is |\n|---|---|---|---|\n")
			last = section
		}
		what := about(k.Path, comments)
		if !k.InList() {
			what += "<br>`" + Variable(prefix, k.Path) + "`"
			if k.Secret {
				what += ", or a file that holds it in `" + Variable(prefix, k.Path) + fileSuffix + "`"
			}
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", k.Path, k.Type, code(k), cell(what))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// about is the comment of a key, or of what it is part of.
func about(path string, comments map[string]string) string {
	return comments[path]
}

func code(k Key) string {
	if k.Default == "" || k.InList() {
		return ""
	}
	return "`" + cell(k.Default) + "`"
}

// cell keeps a text in its cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
