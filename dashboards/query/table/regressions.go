package table

import (
	"fmt"
	"io"
	"strconv"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// Regressions writes one line per regression.
func Regressions(w io.Writer, list []query.Regression) error {
	type row = query.Regression
	return write(w, list, "no regression in this range",
		column[row]{"STATE", func(r *row) string { return r.State }},
		column[row]{"SEVERITY", func(r *row) string { return r.Severity }},
		column[row]{"CAUSE", func(r *row) string { return r.Cause }},
		column[row]{"WHERE", where},
		column[row]{"SHIFT", func(r *row) string { return fmt.Sprintf("%+.0f ms (%+.0f %%)", r.Shift, 100*r.ShiftRatio) }},
		column[row]{"BEFORE / AFTER", func(r *row) string { return fmt.Sprintf("%.0f / %.0f", r.Before, r.After) }},
		column[row]{"SINCE", func(r *row) string { return moment(r.StartedAt) }},
		column[row]{"DETECTED", func(r *row) string { return clock(&r.DetectedAt) }},
		column[row]{"RESOLVED", func(r *row) string {
			if r.ResolvedAt == nil {
				return "-"
			}
			return clock(r.ResolvedAt) + " " + r.Reason
		}},
		column[row]{"CALLS", func(r *row) string { return count(uint64(r.CallsNow)) }},
		column[row]{"PAIRS", func(r *row) string { return strconv.Itoa(len(r.Pairs)) }},
		column[row]{"ID", func(r *row) string { return name(r.ID) }},
	)
}

// where names what got slower.
func where(r *query.Regression) string {
	switch {
	case r.Link != "":
		return name(r.Link)
	case r.SFU != "":
		return name(r.SFU)
	case r.ASN != 0:
		return "AS" + strconv.FormatUint(uint64(r.ASN), 10)
	case r.Version != "":
		return name(r.Version)
	case len(r.Pairs) > 0:
		return name(r.Pairs[0].Publisher) + " > " + name(r.Pairs[0].Subscriber)
	}
	return "-"
}
