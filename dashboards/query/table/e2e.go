// Package table writes answers of the query package out: rows come in, a table for people or JSON for machines goes out.
package table

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// E2E writes one aligned line per window of a call. Figures are milliseconds; "?" and "-" are not known, ">=" is the lower
// bound of a path with a missing hop.
func E2E(w io.Writer, callID string, rows []query.E2ERow) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintf(w, "call %s has samples, but no window of a path yet in this range\n", name(callID))
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	// What goes wrong while writing shows at the flush.
	_, _ = fmt.Fprintln(tw, "WINDOW\tPUBLISHER\tSUBSCRIBER\tKIND\tPATH\tRTT\tHOPS\tMOUTH-TO-EAR\tSTATUS")
	for i := range rows {
		r := &rows[i]
		_, _ = fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			r.WindowStart.UTC().Format("2006-01-02 15:04:05Z"), name(r.PublisherID), name(r.SubscriberID), r.Kind,
			Way(r), RTT(r), hops(r.Hops), unit(r.MouthToEar, 0), r.Status)
	}
	return tw.Flush()
}

// E2EJSON writes {"call_id": ..., "windows": [...]} with the fields of query.E2ERow.
func E2EJSON(w io.Writer, callID string, rows []query.E2ERow) error {
	if rows == nil {
		rows = []query.E2ERow{}
	}
	return JSON(w, struct {
		CallID  string         `json:"call_id"`
		Windows []query.E2ERow `json:"windows"`
	}{callID, rows})
}

// Path writes the SFUs between two clients: "fra > iad > nrt", or "direct" for none.
func Path(sfus []string) string {
	if len(sfus) == 0 {
		return "direct"
	}
	names := make([]string, len(sfus))
	for i, s := range sfus {
		names[i] = name(s)
	}
	return strings.Join(names, " > ")
}

// Way writes the SFUs of a window's path; "?" stands for what comes before them where the path could not be followed to its
// publisher.
func Way(r *query.E2ERow) string {
	switch {
	case r.PublisherID != "":
		return Path(r.SFUPath)
	case len(r.SFUPath) == 0:
		return "?"
	}
	return "? > " + Path(r.SFUPath)
}

// RTT writes a window's round-trip time with its error band, or its lower bound.
func RTT(r *query.E2ERow) string {
	switch {
	case r.RTT != nil && r.RTTErr != nil:
		return fmt.Sprintf("%.1f ± %.1f ms", *r.RTT, *r.RTTErr)
	case r.RTT != nil:
		return unit(r.RTT, 1)
	case r.RTTLower != nil:
		return ">= " + unit(r.RTTLower, 1)
	}
	return "-"
}

func hops(hs []query.Hop) string {
	parts := make([]string, len(hs))
	for i, h := range hs {
		parts[i] = "?"
		if h.RTT != nil {
			parts[i] = strconv.FormatFloat(float64(*h.RTT), 'f', 1, 32)
		}
	}
	return strings.Join(parts, " + ")
}

func unit(ms *float32, digits int) string {
	if ms == nil {
		return "-"
	}
	return strconv.FormatFloat(float64(*ms), 'f', digits, 32) + " ms"
}

// name keeps what an application chose as an id from steering the terminal; an empty one is an end that does not report.
func name(id string) string {
	if id == "" {
		return "?"
	}
	if strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(id)
	}
	return id
}
