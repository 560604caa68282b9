package frame

import (
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Value is what a field holds.
type Value interface {
	string | bool | time.Time | *time.Time | float64 | *float64 | int64 | uint64 | *uint32 | uint32 | *string
}

// Table is a frame with a row per thing.
type Table[R any] struct {
	Frame *data.Frame
	rows  []R
}

// NewTable is a frame of rows without fields so far.
func NewTable[R any](name string, rows []R) *Table[R] {
	f := data.NewFrame(name)
	f.Meta = &data.FrameMeta{PreferredVisualization: data.VisTypeTable}
	return &Table[R]{Frame: f, rows: rows}
}

// Column adds the field that of gives of each row, and returns it for what else there is to say of it.
func Column[R any, V Value](t *Table[R], name string, of func(R) V) *data.Field {
	values := make([]V, len(t.rows))
	for i, r := range t.rows {
		values[i] = of(r)
	}
	field := data.NewField(name, nil, values)
	field.Config = config(name, "")
	t.Frame.Fields = append(t.Frame.Fields, field)
	return field
}

// Figure adds a field of figures that may not be known.
func Figure[R any](t *Table[R], name string, of func(R) *float32) *data.Field {
	return Column(t, name, func(r R) *float64 { return Number(of(r)) })
}

// Numeric says that the frame's texts tell its numbers apart, which is what alert rules want to know. Without rows it has no fields
// either: that is how Grafana's alerting says "no data".
func (t *Table[R]) Numeric() *data.Frame {
	t.Frame.Meta.Type, t.Frame.Meta.TypeVersion = data.FrameTypeNumericWide, data.FrameTypeVersion{0, 1}
	for _, f := range t.Frame.Fields {
		if f.Type() == data.FieldTypeString {
			t.Frame.Meta.Type = data.FrameTypeNumericLong
		}
	}
	if len(t.rows) == 0 {
		t.Frame.Fields = nil
	}
	return t.Frame
}

// Unknown says what the empty text of a field means.
func Unknown(f *data.Field) {
	f.Config.Mappings = data.ValueMappings{data.ValueMapper{"": data.ValueMappingResult{Text: "unknown"}}}
}

// Link adds a link from a field's values to a page.
func Link(f *data.Field, title, url string) {
	f.Config.Links = append(f.Config.Links, data.DataLink{Title: title, URL: url, TargetBlank: true})
}

// Join writes a list as one text.
func Join(list []string) string { return strings.Join(list, ", ") }

// Way writes the stations of a path as one text.
func Way(list []string) string { return strings.Join(list, " > ") }
