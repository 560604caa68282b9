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
	type row = query.Participant
	return write(w, ps, "no participant is known",
		column[row]{"CLIENT", func(p *row) string { return name(p.ClientID) }},
		column[row]{"JOINED", func(p *row) string {
			if p.Joined == nil {
				return clock(p.FirstSeen)
			}
			return clock(p.Joined)
		}},
		column[row]{"LEFT", func(p *row) string { return clock(p.Left) }},
		column[row]{"VERSION", func(p *row) string { return word(p.AppVersion) }},
		column[row]{"CONNECTED IN", func(p *row) string {
			if p.ConnectMs == nil {
				return "-"
			}
			return strconv.FormatUint(uint64(*p.ConnectMs), 10) + " ms"
		}},
		column[row]{"ICE", connection},
		column[row]{"DOWN/UP MBIT/S", func(p *row) string { return mbit(p.Receive) + " / " + mbit(p.Send) }},
		column[row]{"RTT P50/P95", func(p *row) string { return ms(p.RTTP50) + " / " + ms(p.RTTP95) }},
		column[row]{"MOUTH-TO-EAR P50/P95", func(p *row) string { return ms(p.MouthP50) + " / " + ms(p.MouthP95) }},
		column[row]{"MOS", func(p *row) string { return decimal(p.AudioScore, 2) }},
		column[row]{"TO BLAME", func(p *row) string { return word(p.ToBlame) }},
		column[row]{"WORST PEER", func(p *row) string { return worstPeer(p.Peers) }},
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
	type row = query.Link
	end := func(e query.End) string {
		if e.ID == "" {
			return "?"
		}
		return name(e.ID)
	}
	return write(w, links, "no link is known yet",
		column[row]{"WINDOW", func(l *row) string { return moment(l.WindowStart) }},
		column[row]{"FROM", func(l *row) string { return end(l.From) }},
		column[row]{"TO", func(l *row) string { return end(l.To) }},
		column[row]{"RTT", func(l *row) string {
			if l.RTT == nil {
				return "-"
			}
			return fmt.Sprintf("%.1f ± %s ms", *l.RTT, decimal(l.RTTErr, 1))
		}},
		column[row]{"SOURCE", func(l *row) string { return l.Source }},
		column[row]{"LOSS >", func(l *row) string { return percent(l.LossFromTo) }},
		column[row]{"LOSS <", func(l *row) string { return percent(l.LossToFrom) }},
		column[row]{"OVER", func(l *row) string {
			if l.Relay {
				return l.Protocol + " TURN"
			}
			return l.Protocol
		}},
	)
}

// Topology writes one line per link between two nodes.
func Topology(w io.Writer, t *query.Topology) error {
	type row = query.Edge
	node := func(n query.NodeName) string { return strings.TrimSpace(n.Kind + " " + name(n.ID)) }
	return write(w, t.Edges, "no link is known yet",
		column[row]{"FROM", func(e *row) string { return node(e.From) }},
		column[row]{"TO", func(e *row) string { return node(e.To) }},
		column[row]{"RTT", func(e *row) string { return unit(e.RTT, 1) }},
		column[row]{"MAX", func(e *row) string { return unit(e.RTTMax, 1) }},
		column[row]{"LOSS >", func(e *row) string { return percent(e.LossFromTo) }},
		column[row]{"LOSS <", func(e *row) string { return percent(e.LossToFrom) }},
		column[row]{"MOS OVER IT", func(e *row) string { return decimal(e.Score, 2) }},
		column[row]{"PROTOCOL", func(e *row) string { return words(e.Protocols) }},
		column[row]{"TURN", func(e *row) string { return yes(e.Relay) }},
	)
}

// Quality writes one line per step and kind.
func Quality(w io.Writer, q *query.Quality) error {
	type row = query.QualityPoint
	return write(w, q.Points, "no window yet in this range",
		column[row]{"AT", func(p *row) string { return moment(p.At) }},
		column[row]{"KIND", func(p *row) string { return p.Kind }},
		column[row]{"SCORE", func(p *row) string { return decimal(p.Score, 2) }},
		column[row]{"WORST", func(p *row) string { return decimal(p.ScoreWorst, 2) }},
		column[row]{"RTT", func(p *row) string { return unit(p.RTT, 0) }},
		column[row]{"MOUTH-TO-EAR", func(p *row) string { return unit(p.MouthToEar, 0) }},
		column[row]{"LOSS", func(p *row) string { return percent(p.Loss) }},
		column[row]{"CONCEALED", func(p *row) string { return percent(p.Concealed) }},
		column[row]{"FROZEN", func(p *row) string { return percent(p.Freeze) }},
		column[row]{"JITTER", func(p *row) string { return unit(p.Jitter, 1) }},
		column[row]{"MBIT/S", func(p *row) string { return mbit(&p.Bitrate) }},
		column[row]{"BLAME", func(p *row) string { return blamed(p.Blame) }},
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
	type row = query.Event
	return write(w, events, "nothing was reported in this range",
		column[row]{"AT", func(e *row) string { return e.At.UTC().Format("2006-01-02 15:04:05.000Z") }},
		column[row]{"WHO", func(e *row) string { return name(e.SourceID) }},
		column[row]{"WHAT", func(e *row) string { return e.Type }},
		column[row]{"VALUE", func(e *row) string { return word(e.Value) }},
		column[row]{"NUMBER", func(e *row) string { return strconv.FormatFloat(e.Number, 'g', -1, 64) }},
		column[row]{"TRANSPORT", func(e *row) string { return word(e.TransportID) }},
		column[row]{"TRACK", func(e *row) string { return word(e.TrackID) }},
	)
}
