package statement

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Check says whether a text is one SELECT over tables. The server holds it to reading anyway; this tells earlier and more clearly, and
// keeps statements from sources that no row filter reaches.
func Check(sql string) error {
	bare, err := strip(sql)
	if err != nil {
		return err
	}
	words := strings.Fields(bare)
	if len(words) == 0 {
		return errors.New("sql: there is no statement in it")
	}
	if i := strings.Index(bare, ";"); i >= 0 && strings.Trim(bare[i:], "; \t\r\n") != "" {
		return errors.New("sql: there is more than one statement; one SELECT is allowed")
	}
	if first := strings.ToUpper(strings.TrimLeft(words[0], "(")); first != "SELECT" && first != "WITH" && !strings.HasPrefix(first, "SELECT") {
		return fmt.Errorf("sql: it begins with %s; one SELECT is allowed", words[0])
	}
	if m := elsewhere.FindStringSubmatch(bare); m != nil {
		return fmt.Errorf("sql: %s() reads from elsewhere than the tables of the database, which is not allowed", m[1])
	}
	if m := clause.FindString(bare); m != "" {
		return fmt.Errorf("sql: %s is not for panels; leave it out", strings.ToUpper(strings.Join(strings.Fields(m), " ")))
	}
	return nil
}

var (
	// Functions that read what is no table of the database, or tables by another way.
	elsewhere = regexp.MustCompile(`(?i)\b(merge|mergeTree\w*|remote\w*|cluster\w*|url\w*|file\w*|s3\w*|gcs\w*|azure\w*|hdfs\w*|mysql|postgresql|mongodb|sqlite|redis|jdbc|odbc|iceberg\w*|deltaLake\w*|hudi\w*|paimon\w*|executable|input|dictionary|dictGet\w*|joinGet\w*|loop|arrowFlight\w*|ytsaurus|prometheus\w*|timeSeries\w*|generateRandom|fuzz\w*)\s*\(`)
	clause    = regexp.MustCompile(`(?i)\bINTO\s+OUTFILE\b|\bFORMAT\s+[A-Za-z]\w*\s*;?\s*$|\bSETTINGS\s+\w+\s*(=|,|;|\)|$)`)
)

// strip leaves out comments, and what is inside of texts and quoted names.
func strip(sql string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(sql); {
		rest := sql[i:]
		switch {
		case strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "#!") || strings.HasPrefix(rest, "# "):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			i += end
			b.WriteByte(' ')
		case strings.HasPrefix(rest, "/*"):
			end := commentEnd(rest)
			if end < 0 {
				return "", errors.New("sql: a comment /* does not end")
			}
			i += end
			b.WriteByte(' ')
		case rest[0] == '\'' || rest[0] == '`' || rest[0] == '"':
			end := quoteEnd(rest)
			if end < 0 {
				return "", fmt.Errorf("sql: a text that begins with %c does not end", rest[0])
			}
			b.WriteString(quoted(rest[:end]))
			i += end
		case rest[0] == '$' && len(rest) > 1 && (rest[1] == '$' || heredoc.MatchString(rest)):
			return "", errors.New("sql: texts in $$ are not for panels; use '")
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String(), nil
}

var (
	heredoc = regexp.MustCompile(`^\$\w+\$`)
	name    = regexp.MustCompile("^[`\"](\\w+)[`\"]$")
)

// quoted keeps a quoted name that could be written without quotes, since a function's name may be quoted, and empties everything else.
func quoted(text string) string {
	if m := name.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return text[:1] + text[:1]
}

// commentEnd finds where a comment ends, which may hold others.
func commentEnd(text string) int {
	depth := 0
	for i := 0; i+1 < len(text); i++ {
		switch text[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// quoteEnd finds where a quoted text ends; a doubled quote or a backslash goes on.
func quoteEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			if i+1 < len(text) && text[i+1] == text[0] {
				i++
				continue
			}
			return i + 1
		}
	}
	return -1
}
