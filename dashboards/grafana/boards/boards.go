// Package boards has Earshot's Grafana dashboards, one a file: nothing comes in, and each comes out as a board.Board that says which
// questions its panels ask, how the answers look, and where a click leads.
package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

type (
	variable   = cog.Builder[dashboard.VariableModel]
	tablePanel = table.PanelBuilder
)

// All are the dashboards, as somebody who is looking for something goes through them.
func All() []*board.Board {
	return []*board.Board{Overview(), Paths(), Call(), Quality(), Connectivity(), Bandwidth(), Regressions(), Self()}
}

// whose limits a question to what the reader chose above the dashboard.
func whose(q model.Query) model.Query {
	q.Kind, q.PublisherRegion, q.SubscriberRegion, q.Version = board.KindVariable, "$from_region", "$to_region", "$version"
	return q
}

// choices are the variables that whose speaks of.
func choices(more ...variable) []variable {
	vars := []variable{board.Datasource(), board.Kind(), fromRegion(), toRegion(), version()}
	return append(append(vars, more...), board.AdHoc())
}

func fromRegion() variable {
	return board.Listed("from_region", "From", "Region where who speaks meets the service.", "regions")
}

func toRegion() variable {
	return board.Listed("to_region", "To", "Region where who hears meets the service.", "regions")
}

func version() variable {
	return board.Listed("version", "Version", "Version of the application, of who hears.", "versions")
}

// shifts marks the regressions that the choices leave.
func shifts() []dashboard.AnnotationQuery {
	return []dashboard.AnnotationQuery{board.Shifts(model.Query{
		PublisherRegion: "$from_region", SubscriberRegion: "$to_region", Version: "$version",
	})}
}
