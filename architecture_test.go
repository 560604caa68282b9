// The import rules of docs/architecture.md, held against the code.
package earshot_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

const module = "github.com/earshot-rtc/earshot"

// pure are the packages where time and data come in as arguments.
var pure = []string{
	"processor/graph", "processor/stitch", "processor/window", "processor/partition", "processor/quality", "processor/blame", "processor/row",
	"processor/regression",
}

// generators make calls and traffic up, from a seed.
var generators = []string{"processor/partition/callgen", "processor/regression/corpus"}

func load(t *testing.T) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedImports | packages.NeedFiles}, "./...")
	require.NoError(t, err)
	require.NotEmpty(t, pkgs)
	return pkgs
}

// local is the path inside the module, "" for a package from elsewhere.
func local(path string) string {
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	return rest
}

func top(rel string) string {
	first, _, _ := strings.Cut(rel, "/")
	return first
}

func under(rel string, dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return rel == d || strings.HasPrefix(rel, d+"/") })
}

func TestImportsRunOneWay(t *testing.T) {
	// What a top-level folder may import, besides itself.
	allowed := map[string][]string{
		"cmd":        {"collector", "processor", "dashboards", "lab", "sfu-probe", "schemas", "internal"},
		"collector":  {"schemas", "internal"},
		"processor":  {"schemas", "internal"},
		"dashboards": {"schemas", "internal"},
		"lab":        {"sfu-probe", "schemas", "internal"},
		"sfu-probe":  {"schemas"}, // what users put into their own code pulls in nothing of ours but the contract
		"schemas":    {},
		"internal":   {},
	}
	for _, p := range load(t) {
		from := local(p.PkgPath)
		if from == "" {
			continue
		}
		may, known := allowed[top(from)]
		require.True(t, known || top(from) == "test", "%s: a new top-level folder; give it a rule here", from)
		for path := range p.Imports {
			to := local(path)
			if to == "" || top(to) == top(from) || top(from) == "test" {
				continue
			}
			require.Contains(t, may, top(to), "%s imports %s", from, to)
		}
	}
}

func TestLibrariesStayInTheirPlace(t *testing.T) {
	places := map[string][]string{
		"github.com/segmentio/kafka-go":       {"internal/kafka"},
		"github.com/ClickHouse/clickhouse-go": {"internal/clickhouse", "dashboards/datasource"},
		"github.com/pion/":                    {"sfu-probe", "lab"},
		"github.com/twmb/franz-go":            {"internal/embedded/kafka"},
		"github.com/ebitengine/purego":        {"internal/embedded/clickhouse"},

		"github.com/grafana/grafana-plugin-sdk-go":     {"dashboards/datasource"},
		"github.com/grafana/grafana-foundation-sdk/go": {"dashboards/grafana"},
	}
	for _, p := range load(t) {
		for path := range p.Imports {
			for library, dirs := range places {
				if strings.HasPrefix(path, library) {
					require.True(t, under(local(p.PkgPath), append(dirs, "test")...), "%s imports %s", p.PkgPath, path)
				}
			}
		}
	}
}

func TestPurePackagesDoNoIO(t *testing.T) {
	banned := []string{"os", "io/ioutil", "net", "net/http", "log", "log/slog", "math/rand", "math/rand/v2", "sync"}
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	seen := 0
	for _, p := range load(t) {
		rel := local(p.PkgPath)
		if !under(rel, pure...) || slices.Contains(generators, rel) {
			continue
		}
		seen++
		for path := range p.Imports {
			require.NotContains(t, banned, path, "%s is pure", rel)
			require.False(t, under(local(path), "internal"), "%s is pure, but imports %s", rel, path)
		}
		for _, file := range p.GoFiles {
			for _, call := range timeCalls(t, file) {
				require.NotContains(t, clock, call, "%s reads the clock", file)
			}
		}
	}
	require.GreaterOrEqual(t, seen, 6)
}

// timeCalls lists which functions of package time a file mentions.
func timeCalls(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
				out = append(out, sel.Sel.Name)
			}
		}
		return true
	})
	return out
}

func TestEveryPackageSaysWhatFlowsThroughIt(t *testing.T) {
	for _, p := range load(t) {
		documented := len(p.GoFiles) == 0
		for _, file := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			require.NoError(t, err)
			documented = documented || (parsed.Doc != nil && !strings.HasPrefix(parsed.Doc.Text(), "Code generated"))
		}
		require.True(t, documented, "%s has no package sentence", p.PkgPath)
	}
}

func TestNoGoFileOutgrowsAReader(t *testing.T) {
	require.NoError(t, filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".pb.go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		info, err := d.Info()
		if err == nil && info.Size() > 15<<10 {
			t.Errorf("%s has %d bytes; a file above 15 KB is asking to be two", path, info.Size())
		}
		return err
	}))
}
