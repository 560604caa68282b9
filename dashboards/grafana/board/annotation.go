package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
)

// Shifts marks the regressions on every chart over time, from when latency moved until it was back.
func Shifts(q model.Query) dashboard.AnnotationQuery {
	q.Type, q.Format = model.Regressions, model.Annotations
	return annotation("Regressions", Bad, q)
}

// Happenings marks what happened in a call.
func Happenings(call string) dashboard.AnnotationQuery {
	return annotation("Events of the call", Accent, model.Query{Type: model.Events, Format: model.Annotations, Call: call})
}

func annotation(name, color string, q model.Query) dashboard.AnnotationQuery {
	ref := source()
	return dashboard.AnnotationQuery{
		Name: name, Datasource: &ref, Enable: true, Hide: ptr(false), IconColor: color, Target: Query{RefID: "Anno", Query: q},
	}
}
