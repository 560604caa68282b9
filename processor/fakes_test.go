package processor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/row"
)

// counting is a state that is easily checked: a samples row per record, and when a call's window closes, a hops row that
// says how many samples it held. A state that was not rebuilt, or was fed twice, closes windows with other counts.
type counting struct {
	open   map[string]map[int64]uint32 // call -> window start -> samples
	closed int64                       // windows that end before are closed
	counts partition.Counts
}

const windowMs = 5000

func (c *counting) Apply(rec partition.Record, out *row.Batch) error {
	n, err := strconv.ParseUint(string(rec.Value), 10, 64)
	if err != nil {
		return &partition.ReadError{Reason: partition.Malformed, Detail: err.Error()}
	}
	c.close(rec.Time, out)
	ms, call := rec.Time.UnixMilli(), string(rec.Key)
	late := ms < c.closed
	if late {
		c.counts.Late++
	} else {
		if c.open[call] == nil {
			c.open[call] = map[int64]uint32{}
		}
		c.open[call][ms/windowMs*windowMs]++
	}
	c.counts.Samples++
	out.Samples = append(out.Samples, row.Sample{
		SampledAt: ms * 1000, ReceivedAt: ms * 1000, CallID: call, SourceKind: row.KindClient, SourceID: "x", Sequence: n, Late: late,
	})
	return nil
}

func (c *counting) Advance(now time.Time, out *row.Batch) { c.close(now, out) }

func (c *counting) Counts() partition.Counts { return c.counts }

func (c *counting) Due() (at time.Time, ok bool) {
	for _, windows := range c.open {
		for start := range windows {
			if end := time.UnixMilli(start + windowMs); !ok || end.Before(at) {
				at, ok = end, true
			}
		}
	}
	return at, ok
}

// Since is 1: all that there is, up to Config.Replay.
func (c *counting) Since() int64 { return 1000 }

func (c *counting) Heritages() []partition.Heritage { return nil }

func (c *counting) Inherit(partition.Heritage, map[partition.Track]int64) {}

func (c *counting) Trouble() string { return "" }

func (c *counting) close(now time.Time, out *row.Batch) {
	c.closed = max(c.closed, now.UnixMilli()/windowMs*windowMs)
	type window struct {
		start int64
		call  string
	}
	var due []window
	for call, windows := range c.open {
		for start := range windows {
			if start < c.closed {
				due = append(due, window{start, call})
			}
		}
	}
	slices.SortFunc(due, func(a, b window) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.call, b.call)) })
	for _, w := range due {
		c.counts.Windows++
		out.Hops = append(out.Hops, row.Hop{
			WindowStart: w.start, WindowMs: windowMs, CallID: w.call, FromKind: row.KindClient, RTTCount: c.open[w.call][w.start],
		})
		delete(c.open[w.call], w.start)
	}
}

// letters is a Producer that keeps what it is given.
type letters struct {
	mu  sync.Mutex
	all []kafka.Message
}

func (l *letters) Produce(_ context.Context, msgs []kafka.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, msgs...)
	return nil
}

func (l *letters) list() []kafka.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]kafka.Message(nil), l.all...)
}

// tables is an Inserter that counts rows and drops repeats by token, like the server, and fails as it is told.
type tables struct {
	mu     sync.Mutex
	rows   map[string]int
	tokens map[string]bool
	fail   error
	tries  int
}

func (s *tables) Insert(_ context.Context, table, token string, columns []clickhouse.Column) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	if s.fail != nil {
		return s.fail
	}
	if s.tokens == nil {
		s.tokens, s.rows = map[string]bool{}, map[string]int{}
	}
	if !s.tokens[token] {
		s.tokens[token] = true
		for _, c := range columns {
			if v, ok := c.Values.([]string); ok && (c.Name == "call_id" || c.Name == "reason") {
				s.rows[table] += len(v)
			}
		}
	}
	return nil
}

func (s *tables) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *tables) count(table string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[table]
}

func (s *tables) tried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

// crashing is an Inserter in which one insert is the last thing that its processor does: before it reaches the server, or after.
type crashing struct {
	Inserter
	mu      sync.Mutex
	left    int
	after   bool
	crashed chan struct{}
}

func (c *crashing) Insert(ctx context.Context, table, token string, columns []clickhouse.Column) error {
	c.mu.Lock()
	c.left--
	now := c.left <= 0
	first := c.left == 0
	c.mu.Unlock()
	if now && !c.after {
		if first {
			close(c.crashed)
		}
		<-ctx.Done()
		return ctx.Err()
	}
	err := c.Inserter.Insert(ctx, table, token, columns)
	if now {
		if first {
			close(c.crashed)
		}
		<-ctx.Done()
		return errors.New("nobody hears that it was stored")
	}
	return err
}

func contains(err error, words string) bool { return strings.Contains(err.Error(), words) }

// insertRows stores rows as the processor does.
func insertRows(t *testing.T, db *clickhouse.DB, b *row.Batch) {
	t.Helper()
	for _, tab := range insert.NewBuffer().Fill(b) {
		require.NoError(t, db.Insert(t.Context(), tab.Name, "", tab.Columns))
	}
}
