package partition

import (
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/window"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Bounds of what one sample may hold. The collector refuses more; what comes all the same is cut off and counted.
const (
	maxTransports = 2048
	maxStreams    = 8192
)

// Bounds of a source's sampling interval, and what it is where the source does not say.
const (
	minInterval     = int64(100 * time.Millisecond / time.Microsecond)
	maxInterval     = int64(time.Minute / time.Microsecond)
	defaultInterval = int64(5 * time.Second / time.Microsecond)
)

// Apply takes one record in and appends the rows that follow from it. An error is a *ReadError: the record cannot be read
// and belongs into the dead-letter topic; the partition is unharmed by it.
func (p *Partition) Apply(rec Record, out *row.Batch) (err error) {
	received := int64(0)
	if !rec.Time.IsZero() {
		received = rec.Time.UnixMicro()
	}
	p.advance(received, out)

	defer p.release()
	p.begin(nil, out)
	defer p.mend(out, &err)
	m := &p.sample
	if err := m.UnmarshalVTUnsafe(rec.Value); err != nil {
		return &ReadError{Malformed, err.Error()}
	}
	a, err := p.address(m, rec, received)
	if err != nil {
		return err
	}
	elder, heir := p.statesOf(m.GetReceipt().GetTenant(), a.callID)
	if heir == nil {
		return p.feed(a, elder, true, out)
	}
	handedOver := p.now >= p.grid.Start(elder.until)
	old, young := p.feed(a, elder, !handedOver, out), p.feed(a, heir, handedOver, out)
	if handedOver {
		return young
	}
	return old
}

// feed takes a sample into a state. Its rows count if the state speaks for the call.
func (p *Partition) feed(a arrival, c *call, speaks bool, out *row.Batch) error {
	p.begin(c, out)
	a.call, a.out = c, out
	// Repeats count too: a state that was made again after the first of them does not know that they are.
	c.heard = p.now
	counts := p.counts
	if !speaks {
		a.out = &p.silent
	}
	err := a.admit()
	if err == nil && a.store() {
		a.take()
	}
	if !speaks {
		p.silent.Reset()
		p.counts = counts
	}
	p.settle(c, out)
	return err
}

// release lets go of the record's memory, into which the sample's strings point.
func (p *Partition) release() {
	if cap(p.sample.Streams) > maxStreams || cap(p.sample.Transports) > maxTransports {
		p.sample = earshotv1.Sample{}
		return
	}
	p.sample.ResetVT()
}

// arrival is one sample on its way in.
type arrival struct {
	p        *Partition
	m        *earshotv1.Sample
	kind     graph.Kind
	id       string // of the source
	callID   string
	call     *call
	source   *source
	clock    window.Clock
	received int64
	at       int64 // event time
	shift    int64 // what to add to times of the source's clock
	interval int64
	out      *row.Batch
	row      *row.Sample // its own
	who      identity

	from     int64 // for which portions were last found
	portions []portion
}

// address finds out whose sample it is.
func (p *Partition) address(m *earshotv1.Sample, rec Record, received int64) (arrival, error) {
	a := arrival{p: p, m: m, received: received, kind: graph.Client, id: m.GetClient().GetClientId(), callID: m.CallId}
	if m.Sfu != nil {
		a.kind, a.id = graph.SFU, m.Sfu.SfuId
	}
	switch {
	case m.Client == nil && m.Sfu == nil:
		return a, &ReadError{NoOrigin, "neither client nor SFU"}
	case m.Client != nil && m.Sfu != nil:
		return a, &ReadError{NoOrigin, "both client and SFU"}
	case a.id == "":
		return a, &ReadError{NoOrigin, "client_id or sfu_id is empty"}
	}
	if a.callID == "" {
		a.callID = string(rec.Key)
	}
	if a.callID == "" {
		return a, &ReadError{NoCall, "call_id and the record's key are empty"}
	}
	if received == 0 {
		a.received = m.GetReceipt().GetReceivedAtUs()
	}
	if m.SampledAtUs <= 0 && a.received <= 0 {
		return a, &ReadError{NoTime, "neither sampled_at_us nor a record time"}
	}
	a.interval = defaultInterval
	if m.IntervalUs > 0 {
		a.interval = min(max(m.IntervalUs, minInterval), maxInterval)
	}
	return a, nil
}

// admit finds out when the sample was taken.
func (a *arrival) admit() error {
	m := a.m
	a.source = a.call.sourceNamed(a.kind, a.id)
	var offset window.Offset
	if m.Clock != nil {
		offset = window.Offset{Known: true, Us: m.Clock.OffsetUs, ErrUs: m.Clock.ErrorUs}
	}
	var ok bool
	a.clock = a.source.clockOf(m.SessionId)
	if a.shift, ok = a.clock.Shift(m.SampledAtUs, offset, a.received); !ok {
		a.p.counts.Implausible++
	}
	a.at = m.SampledAtUs + a.shift
	if a.at <= 0 || a.at > maxTime {
		return &ReadError{NoTime, "sampled_at_us is no time"}
	}
	return nil
}

// store writes the sample's own row, but for one that came before, and says whether it tells anything new.
func (a *arrival) store() bool {
	s, c := a.source, &a.p.counts
	verdict := s.admit(a.m.SessionId, a.clock, a.m.Sequence, a.at)
	if verdict == seenBefore {
		c.Duplicate++
		return false
	}
	a.call.open(a.p, a.at)
	late := a.p.grid.Index(a.at) < a.call.next
	c.Samples++
	if late {
		c.Late++
	}
	a.who = a.identify(&s.who)
	a.row = a.out.AddSample()
	*a.row = row.Sample{
		SampledAt: a.at, ReceivedAt: a.received, Tenant: a.call.tenant, CallID: a.call.id,
		SourceKind: row.Kind(s.kind), SourceID: s.id, SessionID: s.sessionName(a.m.SessionId), Sequence: a.m.Sequence,
		ClockOffsetUs: a.m.GetClock().GetOffsetUs(), ClockErrorUs: a.m.GetClock().GetErrorUs(),
		Transports: uint16(min(len(a.m.Transports), 1<<16-1)), Streams: uint16(min(len(a.m.Streams), 1<<16-1)), Late: late,
		Who: a.who.Who, SFURegion: a.who.sfuRegion, Link: a.connection(),
	}
	a.events()
	switch verdict {
	case outOfOrder:
		c.Reordered++
	case ofOldSession:
		c.Superseded++
	default:
		return true
	}
	return false
}

// take gives the sample's facts to the graph, its measurements to the ends, and its counters to rows.
func (a *arrival) take() {
	m, s, g := a.m, a.source, a.call.graph
	s.who = a.who
	s.report = window.Report{Event: a.at, Received: a.p.now, Interval: a.interval}
	if len(m.Transports) > maxTransports || len(m.Streams) > maxStreams {
		a.p.counts.Truncated++
		m.Transports, m.Streams = m.Transports[:min(len(m.Transports), maxTransports)], m.Streams[:min(len(m.Streams), maxStreams)]
	}
	g.Early = a.call.early(a.p.now, a.interval)
	s.node = g.Begin(s.kind, s.id, m.SessionId, a.at, a.interval)
	s.node.Data = s
	a.call.changed = s
	a.p.touched = a.p.touched[:0]
	for _, t := range m.Transports {
		a.transport(t)
	}
	for _, st := range m.Streams {
		a.stream(st)
	}
	for _, e := range a.p.touched {
		e.merge.Flush(&e.End, a.at, a.interval)
	}
	g.End(s.node)
	for _, e := range m.Events {
		if e.Type == earshotv1.EventType_EVENT_TYPE_LEAVE && s.kind == graph.Client {
			g.Leave(s.node)
		}
	}
}

// maxTime is a time far beyond all calls, in µs since the epoch, that sums of times do not carry over the top.
const maxTime = 1 << 60

// intern returns a copy of the string that stays, the same one each time for as long as there are few.
func (p *Partition) intern(s string) string {
	if s == "" {
		return ""
	}
	if kept, ok := p.names[s]; ok {
		return kept
	}
	if len(p.names) >= maxNames {
		clear(p.names)
	}
	s = strings.Clone(s)
	p.names[s] = s
	return s
}

// maxNames bounds what intern keeps: names of codecs, regions, versions; not of people.
const maxNames = 4096
