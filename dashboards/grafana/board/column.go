package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Property is one thing that a column or a line has otherwise than the rest of its panel.
type Property = dashboard.DynamicConfigValue

// Columnar is a panel whose fields can look otherwise by name: all builders of the SDK.
type Columnar[P any] interface {
	OverrideByName(name string, properties []dashboard.DynamicConfigValue) P
}

// Column changes how a field looks, by its name.
func Column[P Columnar[P]](panel P, name string, properties ...Property) P {
	return panel.OverrideByName(name, properties)
}

// Titled is what stands above the column, or in the legend.
func Titled(title string) Property { return Property{Id: "displayName", Value: title} }

// Unit is one of the units of this package.
func Unit(unit string) Property { return Property{Id: "unit", Value: unit} }

// Decimals is how many places are shown.
func Decimals(n int) Property { return Property{Id: "decimals", Value: n} }

// Wide is how many pixels a column has.
func Wide(pixels int) Property { return Property{Id: "custom.width", Value: pixels} }

// Hidden keeps a column for links to speak of, and out of sight.
func Hidden() Property { return Property{Id: "custom.hidden", Value: true} }

// Offers are links of a value.
func Offers(links ...Link) Property { return Property{Id: "links", Value: links} }

// Lined is a panel whose fields can look otherwise by what they hold.
type Lined[P any] interface {
	OverrideByFieldType(fieldType string, properties []dashboard.DynamicConfigValue) P
}

// Lead puts links on all lines of a chart.
func Lead[P Lined[P]](panel P, links ...Link) P {
	return panel.OverrideByFieldType("number", []Property{Offers(links...)})
}

// Most is where a gauge is full.
func Most(value float64) Property { return Property{Id: "max", Value: value} }

// Least is where a gauge is empty.
func Least(value float64) Property { return Property{Id: "min", Value: value} }

// Filled colours the cells of a column by a scale.
func Filled(scale Scale) []Property {
	return append(scaled(scale), Property{Id: "custom.cellOptions", Value: map[string]any{"type": "color-background", "mode": "basic"}})
}

// Coloured colours the text of a column by a scale.
func Coloured(scale Scale) []Property {
	return append(scaled(scale), Property{Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}})
}

// Gauge draws a bar in each cell, coloured by a scale.
func Gauge(scale Scale) []Property {
	return append(scaled(scale), Property{
		Id: "custom.cellOptions", Value: map[string]any{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
	})
}

func scaled(scale Scale) []Property {
	return []Property{
		{Id: "thresholds", Value: map[string]any{"mode": "absolute", "steps": scale.steps()}},
		{Id: "color", Value: map[string]any{"mode": "thresholds"}},
	}
}

// Words colours and renames single values.
func Words(words ...Word) Property {
	options := map[string]any{}
	for i, w := range words {
		options[w.Value] = map[string]any{"text": w.Text, "color": w.Color, "index": i}
	}
	return Property{Id: "mappings", Value: []any{map[string]any{"type": "value", "options": options}}}
}

// Word is a value, what is said instead, and in which colour.
type Word struct{ Value, Text, Color string }

// TextColour gives the text of a cell the colour of its word.
func TextColour() Property {
	return Property{Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}}
}

// Truth says a word where a field is true, and nothing where it is not.
func Truth(word, color string) []Property {
	return []Property{Words(Word{"true", word, color}, Word{"false", "", Quiet}), TextColour()}
}
