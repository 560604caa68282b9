package config

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problems is Decode for who wants to hear of all mistakes in a file at once: keys that are unknown and values of the wrong
// type, each by its line.
func Problems(name string, data []byte, dst any) []*Error {
	err := Decode(name, data, dst)
	if err == nil {
		return nil
	}
	var all *problems
	if errors.As(err, &all) {
		return all.list
	}
	var one *Error
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return []*Error{{File: name, Msg: err.Error()}}
}

// Document is a file that was read, to find out where in it something stands.
type Document struct {
	root *yaml.Node
}

// Parse reads a file for Sections and Explain. What is not YAML is an empty Document.
func Parse(data []byte) *Document {
	d := &Document{root: &yaml.Node{}}
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err == nil && len(n.Content) > 0 {
		d.root = n.Content[0]
	}
	return d
}

// Has says whether the file has a key.
func (d *Document) Has(path string) bool { return child(d.root, path) != nil }

var (
	keyWord = regexp.MustCompile(`[a-z][a-z0-9_]*(\[\d+\])?(\.[a-z0-9_]+(\[\d+\])?)*`)
	inList  = regexp.MustCompile(`^(.*)\[(\d+)\]$`)
)

// Explain says where in the named file the mistake is that a section's check complains of: at the first key that the
// message mentions and the file has, as it stands or within the section. The message is left as it is, except that its
// section is named.
func (d *Document) Explain(name, section string, err error) []*Error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var out []*Error
		for _, e := range joined.Unwrap() {
			out = append(out, d.Explain(name, section, e)...)
		}
		return out
	}
	msg := err.Error()
	e := &Error{File: name, Msg: msg}
	if msg != section && !strings.HasPrefix(msg, section+".") && !strings.HasPrefix(msg, section+":") {
		e.Msg = section + ": " + msg
		if keyWord.FindString(msg) != "" && strings.HasPrefix(msg, keyWord.FindString(msg)) && d.looksLikeKey(section, keyWord.FindString(msg)) {
			e.Msg = section + "." + msg
		}
	}
	e.Line = d.line(section)
	for _, word := range keyWord.FindAllString(msg, -1) {
		if line, ok := d.deepest(section + "." + word); ok {
			e.Line = line
			return []*Error{e}
		}
		if line, ok := d.deepest(word); ok && strings.HasPrefix(word, section+".") {
			e.Line = line
			return []*Error{e}
		}
	}
	return []*Error{e}
}

// looksLikeKey says whether a message begins with a key of the section rather than with a word.
func (d *Document) looksLikeKey(section, word string) bool {
	if strings.ContainsAny(word, "._") {
		return true
	}
	return child(orEmpty(child(d.root, section)), word) != nil
}

func orEmpty(n *yaml.Node) *yaml.Node {
	if n == nil {
		return &yaml.Node{}
	}
	return n
}

func (d *Document) line(key string) int {
	for i := 0; i+1 < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value == key {
			return d.root.Content[i].Line
		}
	}
	return 0
}

// deepest is the line of the key at a path, or of what is nearest above it but below its section.
func (d *Document) deepest(path string) (line int, ok bool) {
	n := d.root
	for depth, part := range strings.Split(path, ".") {
		at := -1
		if m := inList.FindStringSubmatch(part); m != nil {
			part = m[1]
			at, _ = strconv.Atoi(m[2])
		}
		next := child(n, part)
		if next == nil {
			return line, depth > 1
		}
		line = next.Line
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == part {
				line = n.Content[i].Line
			}
		}
		n = next
		if at >= 0 && n.Kind == yaml.SequenceNode && at < len(n.Content) {
			n = n.Content[at]
			line = n.Line
		}
	}
	return line, true
}

// problems are several mistakes; the first one speaks for all.
type problems struct{ list []*Error }

func (p *problems) Error() string { return p.list[0].Error() }
func (p *problems) Unwrap() error { return p.list[0] }
