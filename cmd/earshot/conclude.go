package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
	"github.com/earshot-rtc/earshot/lab/report"
	"github.com/earshot-rtc/earshot/lab/topology"
)

// conclude ends the call and compares what was stored with the truth. It waits for the last windows no longer than settle.
func (r *labRun) conclude(ctx context.Context, settle time.Duration) (*report.Report, error) {
	end := time.Now()
	if err := r.finish(ctx, settle); err != nil {
		return nil, err
	}
	rows, err := r.all(ctx)
	if err != nil {
		return nil, r.because(err)
	}
	stored, err := r.stored(ctx)
	if err != nil {
		return nil, r.because(err)
	}
	windows := make([]report.Window, len(rows))
	for i := range rows {
		windows[i] = r.reported(&rows[i])
	}
	return report.Make(report.Input{
		Topology: r.top, Truth: r.lab.Truth(), Start: r.lab.T0(), End: end, Window: r.window, Windows: windows,
		Samples: report.Samples{
			Sent: r.lab.Totals().Sent, Stored: stored.Samples, Late: stored.Late, Dead: r.dead(),
		},
	}), nil
}

func (r *labRun) reported(row *query.E2ERow) report.Window {
	w := report.Window{
		Publisher: row.PublisherID, Subscriber: row.SubscriberID, Kind: topology.Kind(row.Kind), SFUPath: row.SFUPath,
		Start: row.WindowStart, Length: row.End().Sub(row.WindowStart), Status: report.Status(row.Status),
		RTT: orNaN(row.RTT), Err: orNaN(row.RTTErr), SeenAt: r.seen[seenKey(row)],
	}
	for _, h := range row.Hops {
		w.Hops = append(w.Hops, report.HopWindow{From: h.From, To: h.To, RTT: orNaN(h.RTT), Err: orNaN(h.Err), Source: h.Source})
	}
	return w
}

func orNaN(v *float32) float64 {
	if v == nil {
		return math.NaN()
	}
	return float64(*v)
}

// dead is how many samples could not be read, by the collector or by the processor.
func (r *labRun) dead() uint64 {
	families, err := r.registry.Gather()
	if err != nil {
		r.log.Warn("gather metrics", "error", err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "earshot_collector_samples_rejected_total":
				sum += m.GetCounter().GetValue()
			case "earshot_processor_dropped_total":
				for _, l := range m.GetLabel() {
					if l.GetName() == "reason" && strings.HasPrefix(l.GetValue(), "dead_") {
						sum += m.GetCounter().GetValue()
					}
				}
			}
		}
	}
	return uint64(sum)
}

// write puts the report where the user wants it.
func (f *labFlags) write(rep *report.Report) error {
	if f.JSON == "" {
		return nil
	}
	data, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.JSON, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	return nil
}

// writable finds out before the run, and not after it, that the report has nowhere to go.
func (f *labFlags) writable() error {
	if f.JSON == "" {
		return nil
	}
	file, err := os.OpenFile(f.JSON, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return fmt.Errorf("--json %s cannot be written: %w; name another file", f.JSON, err)
	}
	return file.Close()
}

// summarize prints the report for people.
func summarize(w io.Writer, rep *report.Report) {
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "PUBLISHER\tSUBSCRIBER\tKIND\tPATH\tHOPS\tTRUE RTT\tSTITCHED\tERROR\tP95 |ERROR|\tCOVERAGE\tWINDOWS\tSTATUS")
	for _, p := range rep.Paths {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%.2f\t%d\t%s\n", p.Publisher, p.Subscriber, p.Kind, table.Path(p.SFUPath),
			p.Hops, figure(p.TrueRTT), figure(p.RTT), figure(p.Error), figure(p.P95AbsError), p.Coverage, p.Windows, p.Status)
	}
	_ = tw.Flush()
	s := rep.Summary
	fmt.Fprintf(&b, "\n%d paths; |error| median %s ms, p95 %s ms (per hop %s and %s); coverage %.3f; |error| within twice the band in %s of %d windows\n",
		s.Paths, figure(s.MedianAbsError), figure(s.P95AbsError), figure(s.MedianErrorPerHop), figure(s.P95ErrorPerHop), s.Coverage,
		percent(s.Honest), s.Windows)
	fmt.Fprintf(&b, "samples: %d sent, %d stored, %d late, %d dead\n", s.SamplesSent, s.SamplesStored, s.Late, s.Dead)
	if s.WrongPaths > 0 || s.FalseComplete > 0 {
		fmt.Fprintf(&b, "WRONG: %d windows of paths that never were, %d complete ones of paths that cannot be seen whole\n", s.WrongPaths, s.FalseComplete)
	}
	for _, c := range rep.Changes {
		shown := "not shown"
		if c.ShownAfter != nil {
			shown = fmt.Sprintf("shown after %.1f s", *c.ShownAfter/1000)
		}
		fmt.Fprintf(&b, "at %.1f s: %s > %s %s over %s, %s\n", c.At, c.Publisher, c.Subscriber, c.Kind, table.Path(c.SFUPath), shown)
	}
	_, _ = w.Write(b.Bytes())
}

func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'f', 2, 64)
}

func percent(v *float64) string {
	if v == nil {
		return "none"
	}
	return strconv.FormatFloat(*v*100, 'f', 1, 64) + " %"
}
