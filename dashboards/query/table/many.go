package table

import (
	"fmt"
	"io"
	"strconv"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// figures are the columns that tell how long it took.
func figures[T any](of func(*T) *query.Figures) []column[T] {
	text := func(cell func(f *query.Figures) string) func(*T) string {
		return func(r *T) string { return cell(of(r)) }
	}
	return []column[T]{
		{"WINDOWS", text(func(f *query.Figures) string { return count(f.Windows) })},
		{"RTT P50/P95/P99", text(func(f *query.Figures) string { return ms(f.RTTP50) + " / " + ms(f.RTTP95) + " / " + ms(f.RTTP99) })},
		{"> 150", text(func(f *query.Figures) string { return percent(f.RTTOver150) })},
		{"> 300", text(func(f *query.Figures) string { return percent(f.RTTOver300) })},
		{"> 400", text(func(f *query.Figures) string { return percent(f.RTTOver400) })},
		{"MOUTH-TO-EAR P50/P95/P99", text(func(f *query.Figures) string {
			return ms(f.MouthP50) + " / " + ms(f.MouthP95) + " / " + ms(f.MouthP99)
		})},
		{"MOS", text(func(f *query.Figures) string { return decimal(f.AudioScore, 2) })},
		{"LOSS", text(func(f *query.Figures) string { return percent(f.Loss) })},
		{"BLAME", text(func(f *query.Figures) string { return word(f.Blame.Most()) })},
	}
}

// Latency writes one line per step and group.
func Latency(w io.Writer, l *query.Latency) error {
	type p = query.LatencyPoint
	var columns []column[p]
	if l.StepMs > 0 {
		columns = append(columns, column[p]{"AT", func(p *p) string { return moment(p.At) }})
	}
	columns = append(columns, column[p]{"GROUP", func(p *p) string { return word(p.Group) }})
	columns = append(columns, figures(func(p *p) *query.Figures { return &p.Figures })...)
	return write(w, l.Points, "no window in this range", columns...)
}

// Matrix writes one line per pair of regions.
func Matrix(w io.Writer, m *query.Matrix) error {
	type p = query.RegionPair
	columns := []column[p]{
		{"FROM", func(p *p) string { return word(p.Publisher) }},
		{"TO", func(p *p) string { return word(p.Subscriber) }},
	}
	return write(w, m.Pairs, "no window in this range", append(columns, figures(func(p *p) *query.Figures { return &p.Figures })...)...)
}

// Coverage writes one line per step.
func Coverage(w io.Writer, c *query.Coverage) error {
	type p = query.CoveragePoint
	return write(w, c.Points, "no window in this range",
		column[p]{"AT", func(p *p) string { return moment(p.At) }},
		column[p]{"WINDOWS", func(p *p) string { return count(p.Windows) }},
		column[p]{"COMPLETE", func(p *p) string { return count(p.Complete) }},
		column[p]{"IMPUTED", func(p *p) string { return count(p.Imputed) }},
		column[p]{"PARTIAL", func(p *p) string { return count(p.Partial) }},
		column[p]{"UNRESOLVED", func(p *p) string { return count(p.Unresolved) }},
		column[p]{"COVERAGE", func(p *p) string { return percent(&p.Ratio) }},
	)
}

// LinkStates writes one line per link of SFUs.
func LinkStates(w io.Writer, l *query.Links) error {
	type s = query.LinkState
	end := func(sfu, region string) string {
		if sfu == "" {
			return "clients"
		}
		if region == "" {
			return name(sfu)
		}
		return name(sfu) + " (" + name(region) + ")"
	}
	var columns []column[s]
	if l.StepMs > 0 {
		columns = append(columns, column[s]{"AT", func(s *s) string { return moment(s.At) }})
	}
	columns = append(columns,
		column[s]{"FROM", func(s *s) string { return end(s.FromSFU, s.FromRegion) }},
		column[s]{"TO", func(s *s) string { return end(s.ToSFU, s.ToRegion) }},
		column[s]{"WINDOWS", func(s *s) string { return count(s.Windows) }},
		column[s]{"RTT P50/P95/P99", func(s *s) string {
			return decimal(s.RTTP50, 1) + " / " + decimal(s.RTTP95, 1) + " / " + decimal(s.RTTP99, 1)
		}},
		column[s]{"LOSS >", func(s *s) string { return percent(s.LossTo) }},
		column[s]{"LOSS <", func(s *s) string { return percent(s.LossFrom) }},
		column[s]{"LOSSY WINDOWS > <", func(s *s) string { return percent(s.LossyTo) + " " + percent(s.LossyFrom) }},
	)
	return write(w, l.Links, "no link reported in this range", columns...)
}

// Connectivity writes one line per step and group.
func Connectivity(w io.Writer, c *query.Connectivity) error {
	type p = query.ConnectivityPoint
	var columns []column[p]
	if c.StepMs > 0 {
		columns = append(columns, column[p]{"AT", func(p *p) string { return moment(p.At) }})
	}
	columns = append(columns,
		column[p]{"GROUP", func(p *p) string { return word(p.Group) }},
		column[p]{"PARTICIPANTS", func(p *p) string { return count(p.Participants) }},
		column[p]{"TURN", func(p *p) string { return percent(p.TURN) }},
		column[p]{"TCP", func(p *p) string { return percent(p.TCP) }},
		column[p]{"TLS", func(p *p) string { return percent(p.TLS) }},
		column[p]{"IPV6", func(p *p) string { return percent(p.IPv6) }},
		column[p]{"ICE FAILED", func(p *p) string { return percent(p.ICEFailed) }},
		column[p]{"CONNECTED IN P50/P95/P99", func(p *p) string {
			return ms(p.ConnectP50) + " / " + ms(p.ConnectP95) + " / " + ms(p.ConnectP99)
		}},
	)
	return write(w, c.Points, "no participant in this range", columns...)
}

// Bitrate writes shares, and one line per participant.
func Bitrate(w io.Writer, b *query.Bitrate) error {
	if b.Participants > 0 {
		of := func(n uint64) string { v := float64(n) / float64(b.Participants); return percent(&v) }
		_, err := fmt.Fprintf(w, "%d participants: %s below 3 Mbit/s, %s from 3 to 4, %s above; p5 %s, median %s, p95 %s Mbit/s\n\n",
			b.Participants, of(b.Below), of(b.Between), of(b.Above), mbit(b.P5), mbit(b.P50), mbit(b.P95))
		if err != nil {
			return err
		}
	}
	type r = query.ParticipantRates
	return write(w, b.Lowest, "no participant reported a bit rate in this range",
		column[r]{"CALL", func(r *r) string { return name(r.CallID) }},
		column[r]{"CLIENT", func(r *r) string { return name(r.ClientID) }},
		column[r]{"DOWN MBIT/S", func(r *r) string { return mbit(&r.Receive) }},
		column[r]{"MAX", func(r *r) string { return mbit(&r.ReceiveMax) }},
		column[r]{"UP MBIT/S", func(r *r) string { return mbit(r.Send) }},
		column[r]{"MAX", func(r *r) string { return mbit(&r.SendMax) }},
		column[r]{"HELD BACK", func(r *r) string { return percent(r.ByBandwidth) }},
		column[r]{"NETWORK", func(r *r) string { return words(r.Networks) }},
		column[r]{"VERSION", func(r *r) string { return word(r.AppVersion) }},
	)
}

// DeadLetters writes one line per reason.
func DeadLetters(w io.Writer, letters []query.DeadLetters) error {
	type d = query.DeadLetters
	return write(w, letters, "everything could be read",
		column[d]{"REASON", func(d *d) string { return d.Reason }},
		column[d]{"RECORDS", func(d *d) string { return count(d.Records) }},
		column[d]{"BYTES", func(d *d) string { return count(d.Bytes) }},
		column[d]{"LAST", func(d *d) string { return moment(d.Last) }},
		column[d]{"DETAIL", func(d *d) string { return strconv.Quote(d.LastDetail) }},
	)
}
