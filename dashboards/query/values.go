package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// place is where the values of a kind stand: a rollup, and a column or two of it.
type place struct{ table, time, first, second string }

var places = map[string]place{
	"regions":   {"e2e_1h", "hour", "publisher_region", "subscriber_region"},
	"paths":     {"e2e_1h", "hour", "path", "path"},
	"versions":  {"e2e_1h", "hour", "app", "app"},
	"sfus":      {"hops_1h", "hour", "from_sfu", "to_sfu"},
	"asns":      {"audience_1h", "hour", "asn", "asn"},
	"countries": {"audience_1h", "hour", "country", "country"},
	"browsers":  {"audience_1h", "hour", "browser", "browser"},
	"networks":  {"audience_1h", "hour", "network", "network"},
}

// ValueKinds are the words that ValuesQuery.Of takes; the last are those of one call.
func ValueKinds() []string {
	return []string{
		"regions", "paths", "sfus", "versions", "asns", "countries", "browsers", "networks", "calls", "participants", "publishers", "tracks",
	}
}

// ValuesQuery asks what there is to choose from.
type ValuesQuery struct {
	Range
	Of     string // one of ValueKinds
	CallID string // for participants, publishers and tracks
	Search string // calls: a part of the id
	Limit  int    // 0 = 500
}

// Values gives what there is to choose from, what has most windows first; calls the newest first.
func (s *Service) Values(ctx context.Context, q ValuesQuery) ([]string, error) {
	if q.Limit == 0 {
		q.Limit = 500
	}
	at, known := places[q.Of]
	switch {
	case known:
		a := s.history(q.Range).limit(q.Limit, 0)
		a.pick([]rollup{{table: at.table, time: at.time, grain: time.Hour}}, nil, 0)
		a.params["first"], a.params["second"] = at.first, at.second
		return s.texts(ctx, "values", a)
	case q.Of == "calls":
		page, err := s.Calls(ctx, CallsQuery{Range: q.Range, Search: q.Search, Limit: q.Limit})
		if err != nil {
			return nil, err
		}
		out := make([]string, len(page.Calls))
		for i, c := range page.Calls {
			out[i] = c.CallID
		}
		return out, nil
	case slices.Contains(ValueKinds(), q.Of):
		return s.texts(ctx, "values_"+q.Of, s.history(q.Range).call(q.CallID).limit(q.Limit, 0))
	}
	return nil, &ArgumentError{"of", fmt.Sprintf("%q is not one of %s", q.Of, strings.Join(ValueKinds(), ", "))}
}

func (s *Service) texts(ctx context.Context, name string, a *arguments) ([]string, error) {
	out := []string{}
	return out, s.ask(ctx, name, a, func(rows clickhouse.Rows) error {
		var v string
		err := rows.Scan(&v)
		out = append(out, v)
		return err
	})
}
