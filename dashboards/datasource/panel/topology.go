package panel

import (
	"context"
	"math"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// node and edge are what Grafana's node graph shows.
type node struct {
	id, title, subtitle, kind, region string
	main, second                      *float64
	good, fair, bad                   float64 // of 1; the rest is not known
	samples                           uint64
	x, y                              float64 // on the page
}

type edge struct {
	source, target               string
	rtt, rttMax, lossTo, lossFro *float64 // ms; loss in percent, since a node graph shows numbers as they are
	windows                      uint64
	thickness                    float64
	relay                        bool
	detail                       string
}

func topology(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	if a.Call == "" {
		return mesh(ctx, s, a)
	}
	q := query.CallQuery{Range: a.Range, CallID: a.Call}
	t, err := s.Topology(ctx, q)
	if err != nil {
		return nil, err
	}
	scores, err := s.NodeScores(ctx, q)
	if err != nil {
		return nil, err
	}
	by := make(map[string]*query.NodeScores, len(scores))
	for i := range scores {
		by[nodeID(scores[i].Kind, scores[i].ID)] = &scores[i]
	}
	nodes := make([]node, 0, len(t.Nodes)+1)
	known := map[string]bool{}
	add := func(n node) {
		if !known[n.id] {
			known[n.id] = true
			nodes = append(nodes, n)
		}
	}
	for _, n := range t.Nodes {
		one := node{id: nodeID(n.Kind, n.ID), title: n.ID, subtitle: n.Region, kind: n.Kind, region: n.Region, samples: n.Samples}
		if one.subtitle == "" {
			one.subtitle = n.Kind
		}
		one.scored(by[one.id])
		add(one)
	}
	edges := make([]edge, 0, len(t.Edges))
	for _, e := range t.Edges {
		edges = append(edges, edge{
			source: nodeID(e.From.Kind, e.From.ID), target: nodeID(e.To.Kind, e.To.ID), rtt: frame.Number(e.RTT), rttMax: frame.Number(e.RTTMax),
			lossTo: percent(e.LossFromTo), lossFro: percent(e.LossToFrom), windows: e.Windows, relay: e.Relay, detail: frame.Join(e.Protocols),
		})
		for _, end := range []query.NodeName{e.From, e.To} { // an edge without its nodes breaks the panel
			title := end.ID
			if title == "" {
				title = "does not report"
			}
			add(node{id: nodeID(end.Kind, end.ID), title: title, subtitle: end.Kind, kind: end.Kind})
		}
	}
	return graph(nodes, edges), nil
}

func nodeID(kind, id string) string { return kind + ":" + id }

func (n *node) scored(s *query.NodeScores) {
	if s == nil {
		return
	}
	n.main, n.second = frame.Number(s.Audio), percent(&s.Bad)
	if all := float64(s.Good + s.Fair + s.Poor); all > 0 {
		n.good, n.fair, n.bad = float64(s.Good)/all, float64(s.Fair)/all, float64(s.Poor)/all
	}
}

// mesh is the SFUs of all calls and the links between them. The arc of an SFU is what is lost on its links.
func mesh(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	l, err := s.Links(ctx, query.LinksQuery{Range: a.Range, SFU: a.SFU, Region: a.PublisherRegion, Limit: a.limit(1000)})
	if err != nil {
		return nil, err
	}
	type tally struct {
		region       string
		windows, bad float64
	}
	sums, order := map[string]*tally{}, []string{}
	edges := make([]edge, 0, len(l.Links))
	for i := range l.Links {
		e := &l.Links[i]
		lossy := 0.0
		if v := worse(e.LossyTo, e.LossyFrom); v != nil {
			lossy = *v
		}
		for _, end := range [][2]string{{e.FromSFU, e.FromRegion}, {e.ToSFU, e.ToRegion}} {
			t := sums[end[0]]
			if t == nil {
				t = &tally{region: end[1]}
				sums[end[0]], order = t, append(order, end[0])
			}
			t.windows += float64(e.Windows)
			t.bad += lossy * float64(e.Windows)
		}
		edges = append(edges, edge{
			source: nodeID("sfu", e.FromSFU), target: nodeID("sfu", e.ToSFU), rtt: frame.Number(e.RTTP50), rttMax: frame.Number(e.RTTMax),
			lossTo: percent(e.LossTo), lossFro: percent(e.LossFrom), windows: e.Windows,
		})
	}
	nodes := make([]node, len(order))
	for i, id := range order {
		t := sums[id]
		lossy := t.bad / max(t.windows, 1)
		nodes[i] = node{id: nodeID("sfu", id), title: id, subtitle: t.region, kind: "sfu", region: t.region, good: 1 - lossy, bad: lossy}
	}
	return graph(nodes, edges), nil
}

func percent(v *float32) *float64 {
	n := frame.Number(v)
	if n == nil {
		return nil
	}
	p := math.Round(*n*1e6) / 1e4
	return &p
}

// graph makes the two frames of Grafana's node graph: https://grafana.com/docs/grafana/latest/panels-visualizations/visualizations/node-graph/.
func graph(nodes []node, edges []edge) data.Frames {
	most := uint64(1)
	for i := range edges {
		most = max(most, edges[i].windows)
	}
	for i := range edges {
		edges[i].thickness = 1 + 3*float64(edges[i].windows)/float64(most)
	}
	place(nodes, edges)
	n := frame.NewTable("nodes", nodes)
	frame.Column(n, "id", func(n node) string { return n.id })
	frame.Column(n, "title", func(n node) string { return n.title })
	frame.Column(n, "subtitle", func(n node) string { return n.subtitle })
	stat(frame.Column(n, "mainstat", func(n node) *float64 { return n.main }), "audio MOS", "MOS", 2)
	stat(frame.Column(n, "secondarystat", func(n node) *float64 { return n.second }), "bad windows", "% bad", 1)
	arc(frame.Column(n, "arc__good", func(n node) float64 { return n.good }), "good", "green")
	arc(frame.Column(n, "arc__fair", func(n node) float64 { return n.fair }), "fair", "yellow")
	arc(frame.Column(n, "arc__bad", func(n node) float64 { return n.bad }), "bad", "red")
	arc(frame.Column(n, "arc__unknown", func(n node) float64 { return max(1-n.good-n.fair-n.bad, 0) }), "not known", "gray")
	frame.Column(n, "noderadius", func(n node) float64 {
		if n.kind == sfuKind {
			return 50
		}
		return 40
	})
	frame.Column(n, "fixedx", func(n node) float64 { return n.x })
	frame.Column(n, "fixedy", func(n node) float64 { return n.y })
	shown(frame.Column(n, "detail__kind", func(n node) string { return n.kind }), "Kind")
	shown(frame.Column(n, "detail__region", func(n node) string { return n.region }), "Region")
	shown(frame.Column(n, "detail__samples", func(n node) uint64 { return n.samples }), "Samples")

	e := frame.NewTable("edges", edges)
	frame.Column(e, "id", func(e edge) string { return e.source + " " + e.target })
	frame.Column(e, "source", func(e edge) string { return e.source })
	frame.Column(e, "target", func(e edge) string { return e.target })
	stat(frame.Column(e, "mainstat", func(e edge) *float64 { return e.rtt }), "RTT", "ms", 1)
	stat(frame.Column(e, "secondarystat", func(e edge) *float64 { return greater(e.lossTo, e.lossFro) }), "loss", "% lost", 2)
	frame.Column(e, "thickness", func(e edge) float64 { return e.thickness })
	frame.Column(e, "color", func(e edge) string { return edgeColour(greater(e.lossTo, e.lossFro)) })
	frame.Column(e, "strokedasharray", func(e edge) string {
		if e.relay {
			return "6 3" // a TURN server is between
		}
		return ""
	})
	stat(frame.Column(e, "detail__rtt_max", func(e edge) *float64 { return e.rttMax }), "Highest RTT", "ms", 1)
	stat(frame.Column(e, "detail__loss_there", func(e edge) *float64 { return e.lossTo }), "Loss there", "%", 2)
	stat(frame.Column(e, "detail__loss_back", func(e edge) *float64 { return e.lossFro }), "Loss back", "%", 2)
	shown(frame.Column(e, "detail__windows", func(e edge) uint64 { return e.windows }), "Windows")
	shown(frame.Column(e, "detail__protocol", func(e edge) string { return e.detail }), "Protocol")
	for _, f := range []*data.Frame{n.Frame, e.Frame} {
		f.Meta.PreferredVisualization = data.VisTypeNodeGraph
	}
	return data.Frames{n.Frame, e.Frame}
}

// lossy is from which loss on, in percent, an edge is worth a look.
const lossy = 2

func edgeColour(loss *float64) string {
	if loss != nil && *loss > lossy {
		return "#F2495C"
	}
	return "#8E8E8E"
}

func greater(a, b *float64) *float64 {
	if a == nil || (b != nil && *b > *a) {
		return b
	}
	return a
}

// A node graph reads displayName alone.
func stat(f *data.Field, name, unit string, decimals uint16) {
	f.Config = (&data.FieldConfig{DisplayName: name, Unit: unit}).SetDecimals(decimals)
}

func arc(f *data.Field, name, colour string) {
	f.Config = &data.FieldConfig{DisplayName: name, Color: map[string]any{"mode": "fixed", "fixedColor": colour}}
}

func shown(f *data.Field, name string) { f.Config = &data.FieldConfig{DisplayName: name} }
