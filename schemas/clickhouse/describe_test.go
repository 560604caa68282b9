package ddl_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

var update = flag.Bool("update", false, "write docs/schema.md anew")

// table is what the migrations say of a table.
type table struct {
	name, comment, order, partition, ttl string
	lines                                []line
	fedBy                                []string
}

// line is a column, or a comment of its own that the columns after it share.
type line struct{ name, typ, comment string }

var (
	makesTable = regexp.MustCompile(`(?s)^((?:--[^\n]*\n)*)CREATE TABLE IF NOT EXISTS (\w+)\s*\((.*)\)\s*ENGINE = \w+(?:\(\w+\))?\n(.*)$`)
	addsTo     = regexp.MustCompile(`(?s)^((?:--[^\n]*\n)*)ALTER TABLE (\w+)\n(.*)$`)
	makesView  = regexp.MustCompile(`(?s)CREATE MATERIALIZED VIEW IF NOT EXISTS \w+ TO (\w+) AS.*\nFROM (\w+)\n`)
	columnLine = regexp.MustCompile(`^(?:ADD COLUMN IF NOT EXISTS )?(\w+)\s+([A-Z]\w*(?:\(.*\))?)`)
	codec      = regexp.MustCompile(`\s*CODEC\((?:[^()]|\([^()]*\))*\)`)
	clause     = regexp.MustCompile(`(?m)^(ORDER BY|PARTITION BY|TTL) (.*)$`)
)

func describe(t *testing.T) []*table {
	t.Helper()
	names, err := fs.Glob(ddl.Migrations, "migrations/*.sql")
	require.NoError(t, err)
	slices.Sort(names)
	var all []*table
	by := map[string]*table{}
	for _, name := range names {
		data, err := fs.ReadFile(ddl.Migrations, name)
		require.NoError(t, err)
		for statement := range strings.SplitSeq(string(data), ";\n") {
			statement = strings.TrimSpace(statement) + "\n"
			if m := makesTable.FindStringSubmatch(statement); m != nil {
				one := &table{name: m[2], comment: prose(m[1]), lines: lines(m[3])}
				for _, c := range clause.FindAllStringSubmatch(m[4], -1) {
					switch c[1] {
					case "ORDER BY":
						one.order = strings.Trim(c[2], "()")
					case "PARTITION BY":
						one.partition = c[2]
					default:
						_, one.ttl, _ = strings.Cut(c[2], " + INTERVAL ")
					}
				}
				all, by[one.name] = append(all, one), one
			} else if m := addsTo.FindStringSubmatch(statement); m != nil && strings.Contains(m[3], "ADD COLUMN") {
				require.Contains(t, by, m[2], name)
				by[m[2]].lines = append(by[m[2]].lines, line{comment: prose(m[1])})
				by[m[2]].lines = append(by[m[2]].lines, lines(m[3])...)
			} else if m := makesView.FindStringSubmatch(statement); m != nil {
				require.Contains(t, by, m[1], name)
				by[m[1]].fedBy = append(by[m[1]].fedBy, m[2])
			}
		}
	}
	return all
}

// prose takes the dashes from a comment.
func prose(comment string) string {
	var words []string
	for l := range strings.SplitSeq(comment, "\n") {
		words = append(words, strings.Fields(strings.TrimPrefix(strings.TrimSpace(l), "--"))...)
	}
	return strings.Join(words, " ")
}

func lines(list string) []line {
	var all []line
	above := ""
	// A type may go on in the next line.
	list = regexp.MustCompile(`,\n\s+('|Enum)`).ReplaceAllString(list, ", $1")
	list = regexp.MustCompile(`\n\s+(Enum8\()`).ReplaceAllString(list, " $1")
	for l := range strings.SplitSeq(list, "\n") {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "--") {
			above += l + "\n"
			continue
		}
		decl, comment, _ := strings.Cut(l, "-- ")
		decl = strings.TrimSuffix(strings.TrimSpace(codec.ReplaceAllString(decl, "")), ",")
		m := columnLine.FindStringSubmatch(decl)
		if m == nil || m[1] == "ADD" || m[1] == "MODIFY" || m[1] == "INDEX" {
			continue
		}
		if above != "" {
			all = append(all, line{comment: prose(above)})
			above = ""
		}
		all = append(all, line{name: m[1], typ: m[2], comment: strings.TrimSpace(comment)})
	}
	return all
}

// meaning says what a column is whose name says most of it; "" where it does not.
func (c line) meaning() string {
	if c.comment != "" {
		return c.comment
	}
	if s, ok := common[c.name]; ok {
		return s
	}
	for _, s := range suffixes {
		if base, ok := strings.CutSuffix(c.name, s[0]); ok {
			return strings.ReplaceAll(s[1], "%", strings.ReplaceAll(base, "_", " "))
		}
	}
	if who, what, ok := strings.Cut(c.name, "_"); ok && (who == "publisher" || who == "subscriber") {
		return "the " + who + "'s " + what
	}
	if base, ok := strings.CutPrefix(c.name, "blame_"); ok {
		return "windows with " + strings.ReplaceAll(base, "_", " ") + " to blame"
	}
	if base, ok := strings.CutPrefix(c.name, "lossy_"); ok {
		return "the same, " + strings.ReplaceAll(base, "_", " ")
	}
	return ""
}

// units by the end of a name.
var units = [][2]string{
	{"_us", "µs"}, {"_ms", "ms"}, {"_bps", "bit/s"}, {"_ppm", "ppm"}, {"_milli", "1/1000"}, {"_ratio", "0 to 1"}, {"_rate", "1/s"},
}

func (c line) unit() string {
	for _, u := range units {
		if strings.HasSuffix(c.name, u[0]) {
			return u[1]
		}
	}
	switch {
	case c.name == "loss_from_to" || c.name == "loss_to_from":
		return "0 to 1"
	case c.name == "rtt" || c.name == "mouth_to_ear":
		return "ms"
	case strings.HasPrefix(c.typ, "Date"):
		return "UTC"
	}
	return ""
}

func retention(ttl string) string {
	n, unit, _ := strings.Cut(strings.ToLower(ttl), " ")
	return n + " " + unit + "s"
}

func shortType(typ string) string {
	if m := regexp.MustCompile(`^Enum8\((.*)\)$`).FindStringSubmatch(typ); m != nil {
		return "Enum8: " + strings.Join(regexp.MustCompile(`'(\w+)'`).FindAllString(m[1], -1), ", ")
	}
	if m := regexp.MustCompile(`^SimpleAggregateFunction\((\w+), (.*)\)$`).FindStringSubmatch(typ); m != nil {
		return m[1] + " of " + m[2]
	}
	if m := regexp.MustCompile(`^AggregateFunction\((.*)\)$`).FindStringSubmatch(typ); m != nil {
		return "state of " + m[1]
	}
	return typ
}

func markdown(tables []*table) string {
	var b strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", t.name, t.comment)
		facts := []string{"order `" + t.order + "`"}
		if t.partition != "" {
			facts = append(facts, "partitions `"+t.partition+"`")
		}
		if t.ttl != "" {
			facts = append(facts, "kept "+retention(t.ttl))
		}
		if len(t.fedBy) > 0 {
			facts = append(facts, "filled from "+strings.Join(t.fedBy, ", "))
		}
		fmt.Fprintf(&b, "%s.\n\n| column | type | unit | what it is |\n|---|---|---|---|\n", strings.ToUpper(facts[0][:1])+facts[0][1:]+strings.Join(append([]string{""}, facts[1:]...), "; "))
		for _, c := range t.lines {
			if c.name == "" {
				fmt.Fprintf(&b, "| | | | **%s** |\n", cell(c.comment))
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.name, cell(shortType(c.typ)), c.unit(), cell(c.meaning()))
		}
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

const (
	page  = "../../docs/schema.md"
	begin = "<!-- What follows is written by `go test ./schemas/clickhouse -update`, from the comments of the migrations. DO NOT EDIT. -->\n"
)

func TestEveryColumnIsExplained(t *testing.T) {
	for _, one := range describe(t) {
		require.NotEmpty(t, one.comment, one.name)
		for _, c := range one.lines {
			require.NotEmpty(t, c.meaning(), "%s.%s has no comment", one.name, c.name)
		}
	}
}

func TestThePageOfTheSchemaIsUpToDate(t *testing.T) {
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	head, written, ok := strings.Cut(string(data), begin)
	require.True(t, ok, "docs/schema.md has lost the line that begins what is generated")
	want := markdown(describe(t))
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(head+begin+want), 0o600))
		return
	}
	require.Equal(t, want, written, "run go test ./schemas/clickhouse -update")
}
