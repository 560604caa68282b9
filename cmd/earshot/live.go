package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
)

// liveTable draws the latest window of every path beside the truth: in place on a terminal, and again only when there is
// something new elsewhere.
type liveTable struct {
	out      io.Writer
	terminal bool
	height   int
	width    int
	drawn    int // lines on the screen that the next drawing replaces
	last     time.Time
}

func newLiveTable(out *os.File) *liveTable {
	t := &liveTable{out: out, terminal: term.IsTerminal(int(out.Fd()))}
	if t.terminal {
		t.width, t.height, _ = term.GetSize(int(out.Fd()))
	}
	return t
}

// liveRow is one line: a path's newest window, and what is true in it.
type liveRow struct {
	query.E2ERow
	truth   *truth.Span // nil where nothing is true for the whole window
	verdict truth.Verdict
}

// compare puts the truth beside the rows, and leaves out paths that have ended.
func compare(rows []query.E2ERow, timeline *truth.Timeline, now time.Time) []liveRow {
	var out []liveRow
	for _, row := range rows {
		if now.Sub(row.End()) > endedAfter {
			continue
		}
		span, verdict := timeline.Window(
			truth.KeyOf(row.PublisherID, row.SubscriberID, topology.Kind(row.Kind), row.SFUPath), row.WindowStart, row.End())
		lr := liveRow{E2ERow: row, verdict: verdict}
		if verdict == truth.Steady {
			lr.truth = &span
		}
		out = append(out, lr)
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		if a.PublisherID != b.PublisherID {
			return a.PublisherID < b.PublisherID
		}
		if a.SubscriberID != b.SubscriberID {
			return a.SubscriberID < b.SubscriberID
		}
		return a.Kind < b.Kind
	})
	return out
}

// endedAfter is how old a path's newest window is when the path is taken off the table.
const endedAfter = 30 * time.Second

// draw shows the rows. status is a line above them.
func (t *liveTable) draw(status string, rows []liveRow, now time.Time) {
	newest := t.last
	for i := range rows {
		if end := rows[i].End(); end.After(newest) {
			newest = end
		}
	}
	if !t.terminal {
		if !newest.After(t.last) {
			return
		}
		t.last = newest
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "\n%s\n\n", status)
	t.rows(&b, rows, now)
	if !t.terminal {
		_, _ = t.out.Write(b.Bytes())
		return
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if limit := t.height - 1; t.height > 2 && len(lines) > limit {
		hidden := len(lines) - limit + 1
		lines = append(lines[:limit-1], fmt.Sprintf("... and %d more; the page shows all", hidden))
	}
	var screen strings.Builder
	if t.drawn > 0 {
		fmt.Fprintf(&screen, "\x1b[%dA", t.drawn)
	}
	for _, line := range lines {
		if r := []rune(line); t.width > 0 && len(r) > t.width {
			line = string(r[:t.width])
		}
		screen.WriteString("\x1b[2K" + line + "\n")
	}
	screen.WriteString("\x1b[J")
	t.drawn = len(lines)
	_, _ = io.WriteString(t.out, screen.String())
}

func (t *liveTable) rows(w io.Writer, rows []liveRow, now time.Time) {
	if len(rows) == 0 {
		fmt.Fprintln(w, "waiting for the first window (5 s, and what is needed to be sure that it is whole) ...")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "PUBLISHER\tSUBSCRIBER\tKIND\tPATH\tSTITCHED RTT\tTRUE RTT\tERROR\tAGE\tSTATUS")
	for i := range rows {
		r := &rows[i]
		trueRTT, diff := "changing", "-"
		if r.truth != nil {
			ms := float64(r.truth.RTT) / float64(time.Millisecond)
			trueRTT = strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
			if r.RTT != nil {
				diff = fmt.Sprintf("%+.1f ms", float64(*r.RTT)-ms)
			}
		} else if r.verdict == truth.Never {
			trueRTT = "no such path"
		}
		publisher := r.PublisherID
		if publisher == "" {
			publisher = "?"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", publisher, r.SubscriberID, r.Kind, table.Way(&r.E2ERow),
			table.RTT(&r.E2ERow), trueRTT, diff, now.Sub(r.End()).Round(time.Second), r.Status)
	}
	_ = tw.Flush()
}
