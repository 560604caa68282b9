package panel

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// variable lists what there is to choose from: text is what people read, value what is asked for.
func variable(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	values, err := s.Values(ctx, query.ValuesQuery{Range: a.Range, Of: a.Variable, CallID: a.Call, Limit: a.limit(500)})
	if err != nil {
		return nil, err
	}
	t := frame.NewTable(a.Type, values)
	frame.Column(t, "text", func(v string) string { return ValueText(a.Variable, v) })
	frame.Column(t, "value", func(v string) string { return v })
	return data.Frames{t.Frame}, nil
}

// ValueText is how a value of a variable is said to people.
func ValueText(variable, value string) string {
	if variable == "asns" {
		return "AS" + value
	}
	return value
}
