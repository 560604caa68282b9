package table

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// Calls writes one line per call.
func Calls(w io.Writer, calls []query.Call) error {
	return write(w, calls, "no call was going on in this range",
		column[query.Call]{"CALL", func(c *query.Call) string { return name(c.CallID) }},
		column[query.Call]{"LAST SEEN", func(c *query.Call) string {
			if c.Live {
				return "live"
			}
			return moment(c.LastSeen)
		}},
		column[query.Call]{"DURATION", func(c *query.Call) string { return length(c.DurationMs) }},
		column[query.Call]{"CLIENTS", func(c *query.Call) string { return count(c.Clients) }},
		column[query.Call]{"SFUS", func(c *query.Call) string { return count(c.SFUs) }},
		column[query.Call]{"PATHS", func(c *query.Call) string { return count(c.Paths) }},
		column[query.Call]{"RTT P50/P95", func(c *query.Call) string { return ms(c.RTTP50) + " / " + ms(c.RTTP95) }},
		column[query.Call]{"MOUTH-TO-EAR P50/P95", func(c *query.Call) string { return ms(c.MouthP50) + " / " + ms(c.MouthP95) }},
		column[query.Call]{"MOS", func(c *query.Call) string { return decimal(c.AudioScore, 2) }},
		column[query.Call]{"BAD", func(c *query.Call) string { return percent(c.Bad) }},
		column[query.Call]{"BLAME", func(c *query.Call) string { return word(c.Blame.Most()) }},
		column[query.Call]{"TURN", func(c *query.Call) string { return yes(c.TURN) }},
	)
}

// Overview writes one call as a whole.
func Overview(w io.Writer, o *query.Overview) error {
	if o.Summary != nil {
		if err := Calls(w, []query.Call{*o.Summary}); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return write(w, o.Nodes, "nobody reported anything",
		column[query.Node]{"NODE", func(n *query.Node) string { return n.Kind + " " + name(n.ID) }},
		column[query.Node]{"REGION", func(n *query.Node) string { return word(n.Region) }},
		column[query.Node]{"SAMPLES", func(n *query.Node) string { return count(n.Samples) }},
		column[query.Node]{"FIRST SEEN", func(n *query.Node) string { return clock(n.FirstSeen) }},
		column[query.Node]{"LAST SEEN", func(n *query.Node) string { return clock(n.LastSeen) }},
	)
}

// Participants writes one line per participant.
func Participants(w io.Writer, ps []query.Participant) error {
	type p = query.Participant
	return write(w, ps, "no participant is known",
		column[p]{"CLIENT", func(p *p) string { return name(p.ClientID) }},
		column[p]{"JOINED", func(p *p) string {
			if p.Joined == nil {
				return clock(p.FirstSeen)
			}
			return clock(p.Joined)
		}},
		column[p]{"LEFT", func(p *p) string { return clock(p.Left) }},
		column[p]{"VERSION", func(p *p) string { return word(p.AppVersion) }},
		column[p]{"CONNECTED IN", func(p *p) string {
			if p.ConnectMs == nil {
				return "-"
			}
			return strconv.FormatUint(uint64(*p.ConnectMs), 10) + " ms"
		}},
		column[p]{"ICE", func(p *p) string { return connection(p) }},
		column[p]{"DOWN/UP MBIT/S", func(p *p) string { return mbit(p.Receive) + " / " + mbit(p.Send) }},
		column[p]{"RTT P50/P95", func(p *p) string { return ms(p.RTTP50) + " / " + ms(p.RTTP95) }},
		column[p]{"MOUTH-TO-EAR P50/P95", func(p *p) string { return ms(p.MouthP50) + " / " + ms(p.MouthP95) }},
		column[p]{"MOS", func(p *p) string { return decimal(p.AudioScore, 2) }},
		column[p]{"TO BLAME", func(p *p) string { return word(p.ToBlame) }},
		column[p]{"WORST PEER", func(p *p) string { return worstPeer(p.Peers) }},
	)
}

func connection(p *query.Participant) string {
	parts := []string{}
	for _, s := range []string{p.ICE, p.Protocol} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if p.IPVersion != 0 {
		parts = append(parts, fmt.Sprintf("IPv%d", p.IPVersion))
	}
	return word(strings.Join(parts, " "))
}

func worstPeer(peers []query.Peer) string {
	var worst *query.Peer
	for i := range peers {
		p := &peers[i]
		if p.RTTP95 != nil && (worst == nil || *p.RTTP95 > *worst.RTTP95) {
			worst = p
		}
	}
	if worst == nil {
		return "-"
	}
	return fmt.Sprintf("%s %s, %s ms", name(worst.Publisher), worst.Kind, ms(worst.RTTP95))
}

// Links writes one line per link of a call.
func Links(w io.Writer, links []query.Link) error {
	type l = query.Link
	end := func(e query.End) string {
		if e.ID == "" {
			return "?"
		}
		return name(e.ID)
	}
	return write(w, links, "no link is known yet",
		column[l]{"WINDOW", func(l *l) string { return moment(l.WindowStart) }},
		column[l]{"FROM", func(l *l) string { return end(l.From) }},
		column[l]{"TO", func(l *l) string { return end(l.To) }},
		column[l]{"RTT", func(l *l) string {
			if l.RTT == nil {
				return "-"
			}
			return fmt.Sprintf("%.1f ± %s ms", *l.RTT, decimal(l.RTTErr, 1))
		}},
		column[l]{"SOURCE", func(l *l) string { return l.Source }},
		column[l]{"LOSS >", func(l *l) string { return percent(l.LossFromTo) }},
		column[l]{"LOSS <", func(l *l) string { return percent(l.LossToFrom) }},
		column[l]{"OVER", func(l *l) string {
			if l.Relay {
				return l.Protocol + " TURN"
			}
			return l.Protocol
		}},
	)
}

// Topology writes one line per link between two nodes.
func Topology(w io.Writer, t *query.Topology) error {
	type e = query.Edge
	node := func(n query.NodeName) string { return strings.TrimSpace(n.Kind + " " + name(n.ID)) }
	return write(w, t.Edges, "no link is known yet",
		column[e]{"FROM", func(e *e) string { return node(e.From) }},
		column[e]{"TO", func(e *e) string { return node(e.To) }},
		column[e]{"RTT", func(e *e) string { return unit(e.RTT, 1) }},
		column[e]{"MAX", func(e *e) string { return unit(e.RTTMax, 1) }},
		column[e]{"LOSS >", func(e *e) string { return percent(e.LossFromTo) }},
		column[e]{"LOSS <", func(e *e) string { return percent(e.LossToFrom) }},
		column[e]{"MOS OVER IT", func(e *e) string { return decimal(e.Score, 2) }},
		column[e]{"PROTOCOL", func(e *e) string { return words(e.Protocols) }},
		column[e]{"TURN", func(e *e) string { return yes(e.Relay) }},
	)
}

// Quality writes one line per step and kind.
func Quality(w io.Writer, q *query.Quality) error {
	type p = query.QualityPoint
	return write(w, q.Points, "no window yet in this range",
		column[p]{"AT", func(p *p) string { return moment(p.At) }},
		column[p]{"KIND", func(p *p) string { return p.Kind }},
		column[p]{"SCORE", func(p *p) string { return decimal(p.Score, 2) }},
		column[p]{"WORST", func(p *p) string { return decimal(p.ScoreWorst, 2) }},
		column[p]{"RTT", func(p *p) string { return unit(p.RTT, 0) }},
		column[p]{"MOUTH-TO-EAR", func(p *p) string { return unit(p.MouthToEar, 0) }},
		column[p]{"LOSS", func(p *p) string { return percent(p.Loss) }},
		column[p]{"CONCEALED", func(p *p) string { return percent(p.Concealed) }},
		column[p]{"FROZEN", func(p *p) string { return percent(p.Freeze) }},
		column[p]{"JITTER", func(p *p) string { return unit(p.Jitter, 1) }},
		column[p]{"MBIT/S", func(p *p) string { return mbit(&p.Bitrate) }},
		column[p]{"BLAME", func(p *p) string { return blamed(p.Blame) }},
	)
}

func blamed(counts map[string]uint64) string {
	names := make([]string, 0, len(counts))
	for n := range counts {
		names = append(names, n)
	}
	slices.Sort(names)
	for i, n := range names {
		names[i] = fmt.Sprintf("%s %d", n, counts[n])
	}
	return word(strings.Join(names, ", "))
}

// Events writes one line per event.
func Events(w io.Writer, events []query.Event) error {
	type e = query.Event
	return write(w, events, "nothing was reported in this range",
		column[e]{"AT", func(e *e) string { return e.At.UTC().Format("2006-01-02 15:04:05.000Z") }},
		column[e]{"WHO", func(e *e) string { return name(e.SourceID) }},
		column[e]{"WHAT", func(e *e) string { return e.Type }},
		column[e]{"VALUE", func(e *e) string { return word(e.Value) }},
		column[e]{"NUMBER", func(e *e) string { return strconv.FormatFloat(e.Number, 'g', -1, 64) }},
		column[e]{"TRANSPORT", func(e *e) string { return word(e.TransportID) }},
		column[e]{"TRACK", func(e *e) string { return word(e.TrackID) }},
	)
}
