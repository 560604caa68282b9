package processor

import (
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// turns are records with which time went on: one of them, mostly the first, of each second. Time in a partition is the latest record
// time so far, since records may come out of the order of their times. Whoever begins to read with a record with which time went
// on has the time of whoever read all that was before it. With any other record that is not so.
//
// Brokers can look records up by time too, but not all do so exactly where times go back, or several records have the same.
type turns struct {
	now int64 // µs
	all []turn
}

type turn struct{ offset, at int64 }

// turnEvery is how far turns are apart: so much more, in µs of record time, than need be is read again.
const turnEvery = int64(time.Second / time.Microsecond)

// note takes the next record in.
func (t *turns) note(r *kafka.Record) {
	at := r.Time.UnixMicro()
	if at <= t.now {
		return
	}
	t.now = at
	if n := len(t.all); n == 0 || at/turnEvery > t.all[n-1].at/turnEvery {
		t.all = append(t.all, turn{r.Offset, at})
	}
}

// before is the offset of the last turn up to a record time, but not further back than the bound, and forgets those before it. 0 stands
// for now.
func (t *turns) before(since int64, bound time.Duration) int64 {
	if since == 0 {
		since = t.now
	}
	since = max(since, t.now-bound.Microseconds())
	n := 0
	for n+1 < len(t.all) && t.all[n+1].at <= since {
		n++
	}
	t.all = append(t.all[:0], t.all[n:]...)
	if len(t.all) == 0 {
		return 0
	}
	return t.all[0].offset
}
