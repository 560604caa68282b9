package erase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// count tells how many rows each table holds of what was noted.
func (e *Eraser) count(ctx context.Context, f *Found) ([]TableRows, error) {
	var out []TableRows
	for _, t := range cleared(f.subject.Kind) {
		rows, err := e.db.Query(ctx, "SELECT count() FROM "+t.name+" WHERE "+t.condition(f.subject.Kind), f.params(), quiet())
		if err != nil {
			return nil, fmt.Errorf("count rows of %s: %w", t.name, err)
		}
		n := uint64(0)
		for rows.Next() {
			err = errors.Join(err, rows.Scan(&n))
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("count rows of %s: %w", t.name, err)
		}
		if n > 0 {
			out = append(out, TableRows{t.name, n})
		}
	}
	return out, nil
}

// Erase removes what was found, counts again, and records that it was done. Rows are really rewritten, on all replicas, before it
// returns. What it had removed before an error stays removed; to do it again finds the rest.
func (e *Eraser) Erase(ctx context.Context, f *Found) (_ *Report, err error) {
	defer func() { err = errors.Join(err, e.Forget(ctx, f)) }()
	done := clickhouse.Settings{"mutations_sync": 2, "allow_nondeterministic_mutations": 1, "log_queries": 0}
	if sync := f.where.sync(); sync != "" {
		if err := e.db.Exec(ctx, sync, nil, quiet()); err != nil {
			return nil, fmt.Errorf("wait for the replicas: %w", err)
		}
	}
	for _, t := range cleared(f.subject.Kind) {
		if !f.in(t.name) {
			continue // every statement here rewrites parts of a table
		}
		if err := e.db.Exec(ctx, f.where.remove(t, f.subject.Kind), f.params(), done); err != nil {
			return nil, fmt.Errorf("remove rows of %s: %w", t.name, err)
		}
	}
	if f.subject.Kind != Call {
		if err := e.recount(ctx, f, done); err != nil {
			return nil, err
		}
	}
	left, err := e.count(ctx, f)
	if err != nil {
		return nil, err
	}
	r := &Report{
		ID: f.id, Kind: f.subject.Kind, At: e.now().UTC().Truncate(time.Millisecond), Calls: len(f.Calls), Removed: f.Rows, Remained: left,
	}
	return r, e.record(ctx, f.subject.Tenant, r)
}

func (f *Found) in(table string) bool {
	return slices.ContainsFunc(f.Rows, func(r TableRows) bool { return r.Table == table })
}

// recount makes the states that count a call's clients from those that are left, and removes the summary of a call that nobody is
// left of.
func (e *Eraser) recount(ctx context.Context, f *Found, done clickhouse.Settings) error {
	for _, c := range f.Calls {
		left, err := e.clients(ctx, f.subject.Tenant, c.CallID)
		if err != nil {
			return fmt.Errorf("read who is left of a call: %w", err)
		}
		change := "ALTER TABLE " + f.where.local(summary) + " DELETE WHERE tenant = {tenant:String} AND call_id = {call:String}"
		if len(left) > 0 {
			change = "ALTER TABLE " + f.where.local(summary) + " UPDATE clients = arrayReduce('uniqExactState', {left:Array(String)}) " +
				"WHERE tenant = {tenant:String} AND call_id = {call:String}"
		}
		params := clickhouse.Params{"tenant": f.subject.Tenant, "call": c.CallID, "left": left}
		if err := e.db.Exec(ctx, change, params, done); err != nil {
			return fmt.Errorf("count the clients of a call anew: %w", err)
		}
	}
	return nil
}

func (e *Eraser) clients(ctx context.Context, tenant, call string) ([]string, error) {
	rows, err := e.db.Query(ctx, statement("clients"), clickhouse.Params{"tenant": tenant, "call": call}, quiet())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

func (e *Eraser) record(ctx context.Context, tenant string, r *Report) error {
	removed := map[string]uint64{}
	for _, t := range r.Removed {
		removed[t.Table] = t.Rows
	}
	err := e.db.Insert(ctx, "erasures", r.ID, []clickhouse.Column{
		{Name: "erased_at", Values: []time.Time{r.At}},
		{Name: "erasure_id", Values: []string{r.ID}},
		{Name: "tenant", Values: []string{tenant}},
		{Name: "kind", Values: []string{string(r.Kind)}},
		{Name: "calls", Values: []uint64{uint64(r.Calls)}},
		{Name: "removed", Values: []map[string]uint64{removed}},
		{Name: "remained", Values: []uint64{total(r.Remained)}},
	})
	if err != nil {
		return fmt.Errorf("record the erasure: %w", err)
	}
	return nil
}
