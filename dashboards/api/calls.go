package api

import (
	"context"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// callParams are what calls and worst take alike.
var callParams = []string{
	"search", "client", "user", "version", "browser", "country", "region", "turn", "live", "min_rtt_ms", "max_score", "min_duration",
	"max_duration", "min_clients", "min_windows", "limit", "cursor",
}

func callsQuery(v *values) query.CallsQuery {
	q := query.CallsQuery{
		Range: v.span(), Search: v.text("search"), Client: v.text("client"), User: v.text("user"), Version: v.text("version"),
		Browser: v.text("browser"), Country: v.text("country"), Region: v.text("region"), TURN: v.yes("turn"), Live: v.yes("live"),
		MinRTT: v.figure("min_rtt_ms"), MaxScore: v.figure("max_score"), MinDuration: v.length("min_duration"),
		MaxDuration: v.length("max_duration"), MinClients: v.number("min_clients"), MinWindows: v.number("min_windows"),
		Limit: v.number("limit"),
	}
	if v.cursor != nil {
		if q.After = v.cursor.Call; q.After == nil {
			v.wrong("cursor", "belongs to another question; leave it out to begin with the first page")
		}
	}
	return q
}

func askCalls(ctx context.Context, s *query.Service, v *values, q query.CallsQuery) (any, error) {
	if v.err != nil {
		return nil, v.err
	}
	page, err := s.Calls(ctx, q)
	if err != nil {
		return nil, err
	}
	return struct {
		Calls []query.Call `json:"calls"`
		Next  string       `json:"next,omitempty"`
	}{page.Calls, v.next(page.Range, cursor{Call: page.Next})}, nil
}

func calls(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := callsQuery(v)
	q.Sort = v.text("sort")
	switch order := v.text("order"); order {
	case "", "desc":
	case "asc":
		q.Ascending = true
	default:
		v.wrong("order", "%q is neither asc nor desc", order)
	}
	return askCalls(ctx, s, v, q)
}

// worst are the calls that somebody should look at first. Very short ones are left out, unless they are asked for.
func worst(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := callsQuery(v)
	if !v.args.Has("min_windows") {
		q.MinWindows = query.WorthALook
	}
	q.Sort = v.text("by")
	switch q.Sort {
	case "":
		q.Sort = "bad"
	case "rtt", "mouth_to_ear", "bad":
	case "score":
		q.Ascending = true
	default:
		v.wrong("by", "%q is not one of bad, rtt, mouth_to_ear, score", q.Sort)
	}
	return askCalls(ctx, s, v, q)
}
