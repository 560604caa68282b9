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
	type row = query.LatencyPoint
	var columns []column[row]
	if l.StepMs > 0 {
		columns = append(columns, column[row]{"AT", func(p *row) string { return moment(p.At) }})
	}
	columns = append(columns, column[row]{"GROUP", func(p *row) string { return word(p.Group) }})
	columns = append(columns, figures(func(p *row) *query.Figures { return &p.Figures })...)
	return write(w, l.Points, "no window in this range", columns...)
}

// Matrix writes one line per pair of regions.
func Matrix(w io.Writer, m *query.Matrix) error {
	type row = query.RegionPair
	columns := []column[row]{
		{"FROM", func(p *row) string { return word(p.Publisher) }},
		{"TO", func(p *row) string { return word(p.Subscriber) }},
	}
	return write(w, m.Pairs, "no window in this range", append(columns, figures(func(p *row) *query.Figures { return &p.Figures })...)...)
}

// Coverage writes one line per step.
func Coverage(w io.Writer, c *query.Coverage) error {
	type row = query.CoveragePoint
	return write(w, c.Points, "no window in this range",
		column[row]{"AT", func(p *row) string { return moment(p.At) }},
		column[row]{"WINDOWS", func(p *row) string { return count(p.Windows) }},
		column[row]{"COMPLETE", func(p *row) string { return count(p.Complete) }},
		column[row]{"IMPUTED", func(p *row) string { return count(p.Imputed) }},
		column[row]{"PARTIAL", func(p *row) string { return count(p.Partial) }},
		column[row]{"UNRESOLVED", func(p *row) string { return count(p.Unresolved) }},
		column[row]{"COVERAGE", func(p *row) string { return percent(&p.Ratio) }},
	)
}

// LinkStates writes one line per link of SFUs.
func LinkStates(w io.Writer, l *query.Links) error {
	type row = query.LinkState
	end := func(sfu, region string) string {
		if sfu == "" {
			return "clients"
		}
		if region == "" {
			return name(sfu)
		}
		return name(sfu) + " (" + name(region) + ")"
	}
	var columns []column[row]
	if l.StepMs > 0 {
		columns = append(columns, column[row]{"AT", func(s *row) string { return moment(s.At) }})
	}
	columns = append(columns,
		column[row]{"FROM", func(s *row) string { return end(s.FromSFU, s.FromRegion) }},
		column[row]{"TO", func(s *row) string { return end(s.ToSFU, s.ToRegion) }},
		column[row]{"WINDOWS", func(s *row) string { return count(s.Windows) }},
		column[row]{"RTT P50/P95/P99", func(s *row) string {
			return decimal(s.RTTP50, 1) + " / " + decimal(s.RTTP95, 1) + " / " + decimal(s.RTTP99, 1)
		}},
		column[row]{"LOSS >", func(s *row) string { return percent(s.LossTo) }},
		column[row]{"LOSS <", func(s *row) string { return percent(s.LossFrom) }},
		column[row]{"LOSSY WINDOWS > <", func(s *row) string { return percent(s.LossyTo) + " " + percent(s.LossyFrom) }},
	)
	return write(w, l.Links, "no link reported in this range", columns...)
}

// Connectivity writes one line per step and group.
func Connectivity(w io.Writer, c *query.Connectivity) error {
	type row = query.ConnectivityPoint
	var columns []column[row]
	if c.StepMs > 0 {
		columns = append(columns, column[row]{"AT", func(p *row) string { return moment(p.At) }})
	}
	columns = append(columns,
		column[row]{"GROUP", func(p *row) string { return word(p.Group) }},
		column[row]{"PARTICIPANTS", func(p *row) string { return count(p.Participants) }},
		column[row]{"TURN", func(p *row) string { return percent(p.TURN) }},
		column[row]{"TCP", func(p *row) string { return percent(p.TCP) }},
		column[row]{"TLS", func(p *row) string { return percent(p.TLS) }},
		column[row]{"IPV6", func(p *row) string { return percent(p.IPv6) }},
		column[row]{"ICE FAILED", func(p *row) string { return percent(p.ICEFailed) }},
		column[row]{"CONNECTED IN P50/P95/P99", func(p *row) string {
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
	type row = query.ParticipantRates
	return write(w, b.Lowest, "no participant reported a bit rate in this range",
		column[row]{"CALL", func(r *row) string { return name(r.CallID) }},
		column[row]{"CLIENT", func(r *row) string { return name(r.ClientID) }},
		column[row]{"DOWN MBIT/S", func(r *row) string { return mbit(&r.Receive) }},
		column[row]{"MAX", func(r *row) string { return mbit(&r.ReceiveMax) }},
		column[row]{"UP MBIT/S", func(r *row) string { return mbit(r.Send) }},
		column[row]{"MAX", func(r *row) string { return mbit(&r.SendMax) }},
		column[row]{"HELD BACK", func(r *row) string { return percent(r.ByBandwidth) }},
		column[row]{"NETWORK", func(r *row) string { return words(r.Networks) }},
		column[row]{"VERSION", func(r *row) string { return word(r.AppVersion) }},
	)
}

// DeadLetters writes one line per reason.
func DeadLetters(w io.Writer, letters []query.DeadLetters) error {
	type row = query.DeadLetters
	return write(w, letters, "everything could be read",
		column[row]{"REASON", func(d *row) string { return d.Reason }},
		column[row]{"RECORDS", func(d *row) string { return count(d.Records) }},
		column[row]{"BYTES", func(d *row) string { return count(d.Bytes) }},
		column[row]{"LAST", func(d *row) string { return moment(d.Last) }},
		column[row]{"DETAIL", func(d *row) string { return strconv.Quote(d.LastDetail) }},
	)
}
