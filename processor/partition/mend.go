package partition

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// A record that makes the code panic must not stop the partition, for it would come again after every restart. What the call
// was is not known any more then: its state is dropped, and what came of the record so far. The same records panic in the same
// way again, so the rows are the same too.

// mark is where the rows of a batch end.
type mark struct{ samples, streams, hops, e2e, events int }

// begin notes which call is worked on from here.
func (p *Partition) begin(c *call, out *row.Batch) {
	p.at = c
	p.mark = mark{len(out.Samples), len(out.Streams), len(out.Hops), len(out.E2E), len(out.Events)}
}

// mend is deferred around work on calls.
func (p *Partition) mend(out *row.Batch, err *error) {
	cause := recover()
	if cause == nil {
		return
	}
	p.counts.Panics++
	p.trouble = fmt.Sprintf("%v at %s", cause, culprit(debug.Stack()))
	m := p.mark
	out.Truncate(m.samples, m.streams, m.hops, m.e2e, m.events)
	p.silent = row.Batch{}
	p.sample = earshotv1.Sample{}
	p.work = work{}
	if c := p.at; c != nil {
		if c.elder != nil {
			c = c.elder
		}
		if c.heir != nil {
			p.due.remove(c.heir)
		}
		p.due.remove(c)
		delete(p.calls, c.key())
	}
	*err = &ReadError{Panic, p.trouble}
}

// Trouble says what the last panic was and where, and forgets it; "" where there was none.
func (p *Partition) Trouble() string {
	defer func() { p.trouble = "" }()
	return p.trouble
}

// culprit is the place in this module's code that a stack begins with.
func culprit(stack []byte) string {
	_, below, _ := strings.Cut(string(stack), "panic(")
	for line := range strings.Lines(below) {
		if _, place, ok := strings.Cut(line, "/processor/"); ok && strings.HasPrefix(line, "\t") {
			place, _, _ = strings.Cut(place, " +0x")
			return "processor/" + strings.TrimSpace(place)
		}
	}
	return "an unknown place"
}
