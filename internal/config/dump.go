package config

import (
	"bytes"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// redacted stands in place of a secret that is set.
const redacted = "(secret)"

// Dump writes v, a struct with YAML tags or a pointer to one, as YAML. Secrets that are set are not shown.
func Dump(v any) ([]byte, error) {
	n := &yaml.Node{}
	if err := n.Encode(v); err != nil {
		return nil, err
	}
	redact(n, reflect.Indirect(reflect.ValueOf(v)).Type())
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return nil, err
	}
	return out.Bytes(), enc.Close()
}

// redact hides the secrets of a type in the node that it was written as.
func redact(n *yaml.Node, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if n.Kind == yaml.SequenceNode {
			for _, item := range n.Content {
				redact(item, t.Elem())
			}
		}
	case reflect.Map:
		for i := 1; i < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
			redact(n.Content[i], t.Elem())
		}
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			name, inline := yamlName(f)
			if inline {
				redact(n, f.Type)
				continue
			}
			value := child(n, name)
			switch {
			case value == nil:
			case f.Tag.Get("config") == "secret":
				hide(value)
			default:
				redact(value, f.Type)
			}
		}
	default:
	}
}

// hide replaces all texts of a node.
func hide(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Value != "" {
		n.Value, n.Tag, n.Style = redacted, "!!str", 0
	}
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			hide(c)
		}
	}
}

// child is the value of a key in a mapping; nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
