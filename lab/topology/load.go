package topology

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/earshot-rtc/earshot/internal/config"
)

// Load reads and checks a topology file. The error is a *config.Error: one sentence for a person.
func Load(path string) (*Topology, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, &config.Error{File: path, Msg: fmt.Sprintf("topology cannot be read: %v", err)}
	}
	return Parse(path, data)
}

// defaultSampleEvery is how often probes report where the file does not say.
const defaultSampleEvery = Duration(time.Second)

// Parse is Load for data at hand; name stands for the file in errors.
func Parse(name string, data []byte) (*Topology, error) {
	t := &Topology{SampleEvery: defaultSampleEvery}
	if err := config.Decode(name, data, t); err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, &config.Error{File: name, Msg: err.Error()}
	}
	t.Name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	if t.Call == "" {
		t.Call = t.Name
	}
	for i := range t.Clients {
		if t.Clients[i].Connections == "" {
			t.Clients[i].Connections = Single
		}
	}
	c := &checker{file: name, root: &root, t: t}
	if err := c.check(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(t.Events, byTime)
	return t, nil
}

func byTime(a, b Event) int { return cmp.Compare(a.At, b.At) }

// Schedule gives all that happens after the start in order of time: the events, and the joins and leaves that clients name.
func (t *Topology) Schedule() []Event {
	var all []Event
	for _, c := range t.Clients {
		if c.JoinAt > 0 {
			all = append(all, Event{At: c.JoinAt, Join: &OfClient{Client: c.ID}})
		}
		if c.LeaveAt > 0 {
			all = append(all, Event{At: c.LeaveAt, Leave: &OfClient{Client: c.ID}})
		}
	}
	all = append(all, t.Events...)
	slices.SortStableFunc(all, byTime)
	return all
}

// lines finds where in the file something stands.
type lines struct{ root *yaml.Node }

// of gives the line of the value at a path of keys and indexes, or of the nearest thing around it that exists.
func (l lines) of(path ...any) int {
	n := l.root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := n.Line
	for _, step := range path {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		next := child(n, step)
		if next == nil {
			return line
		}
		n, line = next, next.Line
	}
	return line
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch s := step.(type) {
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == s {
				return n.Content[i+1]
			}
		}
	case int:
		if n.Kind == yaml.SequenceNode && s < len(n.Content) {
			return n.Content[s]
		}
	}
	return nil
}
