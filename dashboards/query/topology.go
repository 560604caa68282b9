package query

import (
	"context"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// Topology is a call as a graph: who took part, and which links there were.
type Topology struct {
	CallID string `json:"call_id"`
	Nodes  []Node `json:"nodes"`
	Edges  []Edge `json:"edges"`
}

// Edge is the link, or the links, between two nodes over the range. Figures are medians over the windows; nil is not known.
type Edge struct {
	From       NodeName `json:"from"`
	To         NodeName `json:"to"`
	Windows    uint64   `json:"windows"`
	RTT        *float32 `json:"rtt_ms"`
	RTTMax     *float32 `json:"rtt_max_ms"`
	LossFromTo *float32 `json:"loss_from_to_ratio"`
	LossToFrom *float32 `json:"loss_to_from_ratio"`
	Score      *float32 `json:"score"` // audio MOS of the paths over it, whichever way
	Relay      bool     `json:"relay"`
	Protocols  []string `json:"protocols"`
}

// NodeName names a node.
type NodeName struct {
	Kind string `json:"kind"` // client, sfu or unknown
	ID   string `json:"id"`   // empty: it does not report
}

// Topology gives the nodes and edges of a call; a *NotFoundError where nothing is known of it in the range.
func (s *Service) Topology(ctx context.Context, q CallQuery) (*Topology, error) {
	r, err := s.Span(q.Range)
	if err != nil {
		return nil, err
	}
	out := &Topology{CallID: q.CallID, Edges: []Edge{}}
	if out.Nodes, err = s.nodes(ctx, q.CallID, r); err != nil {
		return nil, err
	}
	if len(out.Nodes) == 0 {
		return nil, s.notFound(ctx, q.CallID, r)
	}
	err = s.ask(ctx, "topology_edges", s.arguments(r).call(q.CallID), func(rows clickhouse.Rows) error {
		var e Edge
		err := rows.Scan(&e.From.Kind, &e.From.ID, &e.To.Kind, &e.To.ID, &e.Windows, &e.RTT, &e.RTTMax, &e.LossFromTo, &e.LossToFrom,
			&e.Relay, &e.Protocols, &e.Score)
		out.Edges = append(out.Edges, e)
		return err
	})
	return out, err
}
