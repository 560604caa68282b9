package partition

import (
	"slices"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/stitch"
)

// hop writes the row of one link, or of one end without a peer.
func (p *Partition) hop(c *call, t *graph.Transport, out *row.Batch) {
	w := &p.work
	e, l := linkOf(t)
	estimates := p.estimates(e, 0)

	from := ownerOf(t.Owner)
	r := out.AddHop()
	*r = row.Hop{
		WindowStart: p.grid.Start(w.window) / 1e3, WindowMs: uint32(p.grid.Size / 1e3), Tenant: c.tenant, CallID: c.id,
		FromKind: row.Kind(t.Owner.Kind), FromID: t.Owner.ID, FromTransport: t.ID, FromRegion: from.who.region,
		LocalCandidate: row.Candidate(t.Pair.Local), RemoteCandidate: row.Candidate(t.Pair.Remote),
		Protocol: row.Protocol(t.Pair.Protocol), Relay: relayed(t), IPVersion: e.ipVersion,
		SourceSwitches: e.Choice.Switches - e.switches,
	}
	e.switches = e.Choice.Switches
	own := e.lostIn(w.window, w.window)
	r.LossToFrom, r.LossFromTo = ratio(own.in, own.inPackets), ratio(own.out, own.outPackets)
	if o := t.Peer(); o != nil {
		to := ownerOf(o.Owner)
		r.ToKind, r.ToID, r.ToTransport, r.ToRegion = row.Kind(o.Owner.Kind), o.Owner.ID, o.ID, to.who.region
		r.PairedBy = row.PairedBy(t.Link().By)
		r.Relay = r.Relay || relayed(o)
		if r.IPVersion == 0 {
			r.IPVersion = endOf(o).ipVersion
		}
		other := endOf(o).lostIn(w.window, w.window)
		// What the receiver saw is better than what it reported.
		if there := ratio(other.in, other.inPackets); there.Valid {
			r.LossFromTo = there
		}
		if !r.LossToFrom.Valid {
			r.LossToFrom = ratio(other.out, other.outPackets)
		}
	}
	p.measured(r, estimates)
	if raw, ok := l.Raw(p.grid.Start(w.window), p.grid.End(w.window)); ok {
		r.RTTMinMs, r.RTTMeanMs, r.RTTMaxMs = row.Some(raw.Min/1e3), row.Some(raw.Mean/1e3), row.Some(raw.Max/1e3)
		r.RTTCount = raw.Count
		r.RTTBiasMs = raw.Bias / 1e3
	}
}

// measured fills in the median over the window's instants, of measured values only.
func (p *Partition) measured(r *row.Hop, at []stitch.Estimate) {
	w := &p.work
	w.sums = w.sums[:0]
	for i := range at {
		if at[i].Status == stitch.Measured {
			s := stitch.Sum{Instant: i}
			s.Add(&at[i])
			w.sums = append(w.sums, s)
		}
	}
	if len(w.sums) == 0 {
		return
	}
	m := stitch.Median(w.sums)
	r.RTTMs, r.RTTErrMs = row.Some(m.Us/1e3), row.Some(m.ErrUs()/1e3)
	r.RTTSource, r.RTTEnd = row.RTTSource(at[m.Instant].Source), row.End(at[m.Instant].Side)
}

func relayed(t *graph.Transport) bool {
	return slices.Contains([]graph.Candidate{t.Pair.Local, t.Pair.Remote}, graph.Relay)
}

func ratio(part, all float32) row.Float {
	if all <= 0 {
		return row.Float{}
	}
	return row.Some(min(max(part/all, 0), 1))
}
