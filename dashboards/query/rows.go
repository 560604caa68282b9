package query

import (
	"context"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// all runs one question whose rows are structs with `ch:"column"` tags; no row is an empty slice, which JSON writes as [].
func all[T any](ctx context.Context, s *Service, name string, a *arguments) ([]T, error) {
	out := []T{}
	err := s.ask(ctx, name, a, func(rows clickhouse.Rows) error {
		var row T
		err := rows.ScanStruct(&row)
		if err == nil {
			out = append(out, row)
		}
		return err
	})
	return out, err
}

// After is where a page of rows in the order of time ended: the next begins at the time At, behind Skip rows of that very
// instant.
type After struct {
	AtUs int64 `json:"at"` // microseconds since the Unix epoch
	Skip int   `json:"n"`
}

// after reads rows from a page's end on; nil begins with the first page.
func (a *arguments) after(p *After) *arguments {
	if p == nil {
		p = &After{}
	}
	if p.Skip < 0 || p.Skip > MaxRows {
		a.wrong("cursor", "is damaged; leave it out to begin with the first page")
	}
	return a.number("after_us", p.AtUs).number("skip", int64(p.Skip))
}

// next is where a page of full length ended, given the times of its rows in their order; nil when it was the last one.
func next(before *After, limit int, times []int64) *After {
	n := len(times)
	if n < limit || n == 0 {
		return nil
	}
	p := &After{AtUs: times[n-1]}
	for p.Skip < n && times[n-1-p.Skip] == p.AtUs {
		p.Skip++
	}
	if p.Skip == n && before != nil && before.AtUs == p.AtUs {
		p.Skip += before.Skip // the whole page was one instant
	}
	return p
}
