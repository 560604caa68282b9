package board

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
)

// DatasourceVariable is the variable that says which data source all panels ask.
const DatasourceVariable = "datasource"

// source is the data source that the reader has chosen.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: ptr(model.PluginID), Uid: ptr("${" + DatasourceVariable + "}")}
}

// Query is a question of a panel, as a dashboard keeps it.
type Query struct {
	RefID string
	model.Query
}

var (
	_ variants.Dataquery              = Query{}
	_ cog.Builder[variants.Dataquery] = Query{}
)

// ImplementsDataqueryVariant makes it a query of the SDK.
func (Query) ImplementsDataqueryVariant() {}

// DataqueryType is the type of the data source.
func (Query) DataqueryType() string { return model.PluginID }

// Equals compares all fields.
func (q Query) Equals(other variants.Dataquery) bool {
	return reflect.DeepEqual(variants.Dataquery(q), other)
}

// Validate holds the words against the model. Where a variable stands, its value is not known yet.
func (q Query) Validate() error {
	normal, err := q.Normal()
	if err != nil {
		return err
	}
	for _, field := range []*string{&normal.ASN, &normal.Kind, &normal.By} {
		if strings.HasPrefix(*field, "$") {
			*field = ""
		}
	}
	return normal.Validate()
}

// Build is the query itself: its fields are all there is to set. The SDK knows errors of its own kind only.
func (q Query) Build() (variants.Dataquery, error) {
	if err := q.Validate(); err != nil {
		return q, cog.MakeBuildErrors("target "+q.RefID, err)
	}
	return q, nil
}

// MarshalJSON puts what every query of Grafana has beside the fields of the model.
func (q Query) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		RefID      string               `json:"refId"`
		Datasource common.DataSourceRef `json:"datasource"`
		model.Query
	}{q.RefID, source(), q.Query})
}

// Letter is the letter of a panel's question: A, B ...
func Letter(i int) string { return string(rune('A' + i)) }

// ask gives the questions of a panel the letters by which Grafana tells them apart.
func ask(queries []model.Query) []cog.Builder[variants.Dataquery] {
	out := make([]cog.Builder[variants.Dataquery], len(queries))
	for i, q := range queries {
		out[i] = Query{RefID: Letter(i), Query: q}
	}
	return out
}
