package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Key is one thing that can be set.
type Key struct {
	// Path is where it stands in the file: "collector.receive.samples". In lists and maps, "[]" and "*" stand for any place.
	Path string
	// Type is what may be given, in words.
	Type string
	// Default is the value that it has when nothing is said, as YAML.
	Default string
	// Secret values are not shown.
	Secret bool

	value reflect.Value
}

// InList says that the key belongs to an entry of a list or map, and so has no default and no variable of its own.
func (k *Key) InList() bool { return strings.Contains(k.Path, "[]") || strings.Contains(k.Path, "*") }

// Keys lists what can be set in v, a pointer to a struct with YAML tags that holds the defaults. A field with the tag
// `config:"secret"` is a secret.
func Keys(v any) []Key {
	var keys []Key
	walk(reflect.ValueOf(v).Elem(), "", false, &keys)
	return keys
}

var (
	durationType    = reflect.TypeFor[time.Duration]()
	unmarshalerType = reflect.TypeFor[yaml.Unmarshaler]()
)

func walk(v reflect.Value, path string, secret bool, keys *[]Key) {
	t := v.Type()
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		walk(reflect.Zero(t.Elem()), path, secret, keys)
		return
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(unmarshalerType) {
		*keys = append(*keys, Key{Path: path, Type: typeName(t), Default: inYAML(v), Secret: secret, value: v})
		if t.Kind() == reflect.Slice && isStruct(t.Elem()) {
			walk(reflect.Zero(t.Elem()), path+"[]", false, keys)
		}
		if t.Kind() == reflect.Map && isStruct(t.Elem()) {
			walk(reflect.Zero(t.Elem()), path+".*", false, keys)
		}
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, inline := yamlName(f)
		switch {
		case name == "-" || !f.IsExported():
		case inline:
			walk(v.Field(i), path, false, keys)
		default:
			walk(v.Field(i), join(path, name), f.Tag.Get("config") == "secret", keys)
		}
	}
}

func isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(unmarshalerType)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// yamlName is the key of a field in the file, as the YAML library sees it.
func yamlName(f reflect.StructField) (name string, inline bool) {
	name, flags, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if strings.Contains(flags, "inline") {
		return "", true
	}
	if name == "" {
		name = strings.ToLower(f.Name)
	}
	return name, false
}

func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "whole number"
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return "number"
	case t.Kind() == reflect.Slice:
		if isStruct(t.Elem()) {
			return "list"
		}
		return "list of " + plural(typeName(t.Elem()))
	case t.Kind() == reflect.Map:
		if isStruct(t.Elem()) {
			return "map"
		}
		return "map of " + plural(typeName(t.Elem()))
	}
	return "text"
}

func plural(s string) string {
	if s == "true or false" {
		return s
	}
	return s + "s"
}

// inYAML writes a value on one line.
func inYAML(v reflect.Value) string {
	if v.IsZero() && v.Kind() != reflect.Bool && v.Type() != durationType && (v.Kind() < reflect.Int || v.Kind() > reflect.Float64) {
		return ""
	}
	var n yaml.Node
	if err := n.Encode(v.Interface()); err != nil {
		return fmt.Sprint(v.Interface())
	}
	n.Style = yaml.FlowStyle
	out, err := yaml.Marshal(&n)
	if err != nil {
		return fmt.Sprint(v.Interface())
	}
	return strings.Join(strings.Fields(string(out)), " ")
}
