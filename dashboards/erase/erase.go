// Package erase removes what is stored of a person or a call: the name of a user, client or call comes in, its rows go out of all
// tables, and what was removed is told and recorded without the name.
//
// Rollups by minute, quarter and hour are kept: they hold no names, only counts and sketches of figures by region, version and
// network operator.
package erase

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// Kind says what a name names.
type Kind string

// Kinds.
const (
	User   Kind = "user"   // everything of all clients that gave this user id
	Client Kind = "client" // everything of one client, in whichever call
	Call   Kind = "call"   // a call with all its participants
)

// Subject is whose rows are to go.
type Subject struct {
	Tenant string
	Kind   Kind
	Name   string
	// Also is another form of the name: for a user, what the collector's key makes of it.
	Also string
}

// Found is what is stored of a subject.
type Found struct {
	Calls   []CallRows
	Rows    []TableRows // tables that hold something, in the order in which they are cleared
	subject Subject
	id      string
	where   place
}

// CallRows is a call that rows will be removed from.
type CallRows struct {
	CallID  string   `json:"call_id"`
	Clients []string `json:"clients"` // whose rows; those of all where the call itself is erased
	Live    bool     `json:"live"`    // it goes on: more rows may come
}

// TableRows counts rows of a table.
type TableRows struct {
	Table string `json:"table"`
	Rows  uint64 `json:"rows"`
}

// Total is the rows of all tables.
func (f *Found) Total() uint64 { return total(f.Rows) }

func total(rows []TableRows) uint64 {
	n := uint64(0)
	for _, r := range rows {
		n += r.Rows
	}
	return n
}

// Report is what was done.
type Report struct {
	ID       string      `json:"erasure_id"` // also in the table erasures
	Kind     Kind        `json:"kind"`
	At       time.Time   `json:"erased_at"`
	Calls    int         `json:"calls"`
	Removed  []TableRows `json:"removed"`
	Remained []TableRows `json:"remained"` // came in meanwhile
}

// liveWithin is how recent the last sample of a call is that goes on.
const liveWithin = time.Minute

// maxCalls bounds one erasure; what is beyond it is found by the next.
const maxCalls = 10_000

// Eraser removes rows.
type Eraser struct {
	db  *clickhouse.DB
	now func() time.Time
}

// New does nothing yet.
func New(db *clickhouse.DB) *Eraser { return &Eraser{db: db, now: time.Now} }

// quiet keeps names out of the server's log of queries.
func quiet() clickhouse.Settings {
	return clickhouse.Settings{
		"log_queries": 0,
		// On a cluster: what is noted is there when the insert returns, and a subquery of IN means the rows of all shards.
		"distributed_foreground_insert": 1, "distributed_product_mode": "global",
	}
}

// Find looks for what is stored of a subject, and notes it for Erase. Either Erase or Forget has to follow.
func (e *Eraser) Find(ctx context.Context, s Subject) (_ *Found, err error) {
	if s.Name == "" {
		return nil, fmt.Errorf("no %s is named", s.Kind)
	}
	f := &Found{subject: s, id: newID()}
	if f.where, err = e.place(ctx); err != nil {
		return nil, err
	}
	if f.Calls, err = e.calls(ctx, s); err != nil {
		return nil, fmt.Errorf("look for the %s: %w", s.Kind, err)
	}
	if len(f.Calls) == 0 {
		return f, nil
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Forget(ctx, f))
		}
	}()
	if err = e.note(ctx, f); err != nil {
		return nil, err
	}
	f.Rows, err = e.count(ctx, f)
	return f, err
}

// calls are those that a subject took part in.
func (e *Eraser) calls(ctx context.Context, s Subject) ([]CallRows, error) {
	params := clickhouse.Params{
		"tenant": s.Tenant, "kind": string(s.Kind), "name": s.Name, "also": cmp.Or(s.Also, s.Name), "limit": int64(maxCalls),
		"live_ms": e.now().Add(-liveWithin).UnixMilli(),
	}
	rows, err := e.db.Query(ctx, statement("find"), params, quiet())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []CallRows
	for rows.Next() {
		var c CallRows
		if err := rows.Scan(&c.CallID, &c.Clients, &c.Live); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// note writes the names that rows are found by into the table erasing.
func (e *Eraser) note(ctx context.Context, f *Found) error {
	var what, calls, names []string
	add := func(w, call, name string) {
		what, calls, names = append(what, w), append(calls, call), append(names, name)
	}
	for _, c := range f.Calls {
		if f.subject.Kind == Call {
			add("call", c.CallID, "")
			continue
		}
		for _, client := range c.Clients {
			add("client", c.CallID, client)
		}
	}
	params := clickhouse.Params{"id": f.id, "what": what, "calls": calls, "names": names}
	if err := e.db.Exec(ctx, statement("note"), params, quiet()); err != nil {
		return fmt.Errorf("note the names: %w", err)
	}
	for _, more := range []string{"note_transports", "note_tracks"} {
		if err := e.db.Exec(ctx, statement(more), f.params(), quiet()); err != nil {
			return fmt.Errorf("note the names: %w", err)
		}
	}
	return nil
}

func (f *Found) params() clickhouse.Params {
	return clickhouse.Params{"tenant": f.subject.Tenant, "id": f.id}
}

// Forget drops what Find has noted.
func (e *Eraser) Forget(ctx context.Context, f *Found) error {
	if len(f.Calls) == 0 {
		return nil
	}
	err := e.db.Exec(context.WithoutCancel(ctx), "ALTER TABLE "+f.where.local("erasing")+" DROP PARTITION {id:String}", f.params(), quiet())
	if err != nil {
		return fmt.Errorf("drop the noted names: %w", err)
	}
	return nil
}

// newID is a random UUID, RFC 9562 version 4.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
