// Package comments reads what Go comments say of configuration keys: the source of a module comes in; a sentence or two for
// every key, by its path in the file, comes out. So what users read stands where programmers change it.
package comments

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reader reads packages of one module.
type reader struct {
	root, module string
	packages     map[string]*source
	out          map[string]string
}

// source is a package: its struct types and other types by name, each with the imports of its file.
type source struct {
	dir   string
	types map[string]declared
}

type declared struct {
	expr    ast.Expr
	imports map[string]string
}

// Read gives the comments of the fields of a struct type, and of all structs of the module below it, by their paths. root is the
// module's directory, dir that of the package in it.
func Read(root, dir, typeName string) (map[string]string, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	m := regexp.MustCompile(`(?m)^module (\S+)$`).FindSubmatch(mod)
	if m == nil {
		return nil, fmt.Errorf("%s/go.mod names no module", root)
	}
	r := &reader{root: root, module: string(m[1]), packages: map[string]*source{}, out: map[string]string{}}
	src, err := r.load(dir)
	if err != nil {
		return nil, err
	}
	d, ok := src.types[typeName]
	if !ok {
		return nil, fmt.Errorf("%s has no type %s", dir, typeName)
	}
	return r.out, r.expr(src, d, d.expr, "")
}

func (r *reader) load(dir string) (*source, error) {
	if s, ok := r.packages[dir]; ok {
		return s, nil
	}
	s := &source{dir: dir, types: map[string]declared{}}
	files, err := filepath.Glob(filepath.Join(r.root, dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		imports := map[string]string{}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			name := path.Base(p)
			if imp.Name != nil {
				name = imp.Name.Name
			}
			imports[name] = p
		}
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					s.types[t.Name.Name] = declared{t.Type, imports}
				}
			}
		}
	}
	r.packages[dir] = s
	return s, nil
}

// expr reads the type that an expression in d names, if it is a struct of the module.
func (r *reader) expr(src *source, d declared, e ast.Expr, at string) error {
	switch t := e.(type) {
	case *ast.StructType:
		return r.fields(src, d, t, at)
	case *ast.StarExpr:
		return r.expr(src, d, t.X, at)
	case *ast.ArrayType:
		return r.expr(src, d, t.Elt, at+"[]")
	case *ast.MapType:
		return r.expr(src, d, t.Value, at+".*")
	case *ast.Ident:
		if named, ok := src.types[t.Name]; ok {
			return r.expr(src, named, named.expr, at)
		}
	case *ast.SelectorExpr:
		pkg, _ := t.X.(*ast.Ident)
		dir, ours := strings.CutPrefix(d.imports[pkg.Name], r.module+"/")
		if !ours {
			return nil
		}
		other, err := r.load(dir)
		if err != nil {
			return err
		}
		if named, ok := other.types[t.Sel.Name]; ok {
			return r.expr(other, named, named.expr, at)
		}
	}
	return nil
}

// fields reads a struct. A field without a comment has the one before it, if that speaks of it.
func (r *reader) fields(src *source, d declared, st *ast.StructType, at string) error {
	names := map[string]string{}
	for _, f := range st.Fields.List {
		if key := keyOf(f); key != "" && len(f.Names) == 1 {
			names[f.Names[0].Name] = key
		}
	}
	before := ""
	for _, f := range st.Fields.List {
		key := keyOf(f)
		if key == "" {
			if inline(f) {
				if err := r.expr(src, d, f.Type, at); err != nil {
					return err
				}
			}
			continue
		}
		text := strings.Join(strings.Fields(f.Doc.Text()), " ")
		if text == "" {
			text = strings.Join(strings.Fields(f.Comment.Text()), " ")
		}
		switch {
		case text != "":
			before = text
		case len(f.Names) == 1 && mentions(before, f.Names[0].Name):
			text = before
		}
		full := strings.TrimPrefix(at+"."+key, ".")
		if text != "" {
			r.out[full] = inKeys(text, names)
		}
		if err := r.expr(src, d, f.Type, full); err != nil {
			return err
		}
	}
	return nil
}

func tag(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	text, _ := strconv.Unquote(f.Tag.Value)
	return reflect.StructTag(text).Get("yaml")
}

// keyOf is the key of a field in the file; "" where it has none.
func keyOf(f *ast.Field) string {
	key, _, _ := strings.Cut(tag(f), ",")
	if key == "-" {
		return ""
	}
	return key
}

func inline(f *ast.Field) bool { return strings.Contains(tag(f), ",inline") }

func mentions(text, name string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '.' || r == ';' || r == ':' }), name)
}

// word is a field's name in a comment: at its beginning, or in a list of names. Elsewhere a word with a capital may be just
// that, unless it has two.
var word = regexp.MustCompile(`(^|, |/| and | or |\. )([A-Z][A-Za-z0-9]*)\b|\b([A-Z][a-z0-9]+[A-Z][A-Za-z0-9]*)\b`)

// inKeys speaks of keys where a comment speaks of fields beside it.
func inKeys(text string, names map[string]string) string {
	return word.ReplaceAllStringFunc(text, func(w string) string {
		m := word.FindStringSubmatch(w)
		if key, ok := names[m[2]+m[3]]; ok {
			return m[1] + "`" + key + "`"
		}
		return w
	})
}
