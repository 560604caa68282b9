package table

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// column is a heading and what stands below it.
type column[T any] struct {
	head string
	cell func(r *T) string
}

// write aligns rows under headings; empty is said where there is no row.
func write[T any](w io.Writer, rows []T, empty string, columns ...column[T]) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, empty)
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.head
	}
	_, _ = fmt.Fprintln(tw, strings.Join(cells, "\t")) // what goes wrong while writing shows at the flush
	for i := range rows {
		for j, c := range columns {
			cells[j] = c.cell(&rows[i])
		}
		_, _ = fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	return tw.Flush()
}

// JSON writes an answer for machines.
func JSON(w io.Writer, answer any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(answer)
}

func ms(v *float32) string { return decimal(v, 0) }

func decimal[F float32 | float64](v *F, digits int) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(float64(*v), 'f', digits, 64)
}

func percent[F float32 | float64](v *F) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(float64(*v)*100, 'f', 1, 64) + " %"
}

func mbit[F float32 | float64](v *F) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(float64(*v)/1e6, 'f', 2, 64)
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func clock(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.UTC().Format("15:04:05")
}

func word(s string) string {
	if s == "" {
		return "-"
	}
	return name(s)
}

func words(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = name(s)
	}
	return word(strings.Join(out, ","))
}

func length(milliseconds int64) string {
	return (time.Duration(milliseconds) * time.Millisecond).Round(time.Second).String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
