// Package split cuts an SFU's sample into calls: one admitted Sample goes in, one Sample for every call that it concerns
// comes out, so that whoever stitches a call finds all of it under one key.
//
// A stream belongs to the call of its transport, or to its own where several calls share the transport. A shared transport
// is copied into the slice of every call that has a stream on it, together with only that call's streams. An event belongs
// to the calls of its transport; without one it concerns the SFU, and so every call.
package split

import (
	"slices"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Splitter splits samples, one after another, and keeps its memory. It is not safe for concurrent use.
type Splitter struct {
	calls      map[string]int
	cuts       []slice
	used       int
	transports map[string]int
	out        earshotv1.Sample
}

type slice struct {
	call       string
	transports []*earshotv1.Transport
	shared     []int // those of transports that are shared, by their place in the sample: a few
	streams    []*earshotv1.Stream
	events     []*earshotv1.Event
}

// Outcome counts what belongs to no call and went nowhere.
type Outcome struct {
	// Calls is the number of slices.
	Calls int
	// Streams, Events were on a transport that names no call, and named none themselves.
	Streams, Events int
}

// New makes a Splitter.
func New() *Splitter {
	return &Splitter{calls: map[string]int{}, transports: map[string]int{}}
}

// Calls gives emit one Sample per call, in the order in which calls appear in s. A sample that names its call is one slice
// as it stands. What emit gets is valid until it returns, shares memory with s, and must not go into a pool. The first
// error of emit ends the work.
func (sp *Splitter) Calls(s *earshotv1.Sample, emit func(*earshotv1.Sample) error) (Outcome, error) {
	if s.CallId != "" {
		return Outcome{Calls: 1}, emit(s)
	}
	defer sp.forget()
	out := sp.assign(s)
	for i := range sp.cuts[:sp.used] {
		sl := &sp.cuts[i]
		o := &sp.out
		o.Client, o.Sfu, o.CallId, o.SessionId, o.Sequence = s.Client, s.Sfu, sl.call, s.SessionId, s.Sequence
		o.SampledAtUs, o.IntervalUs, o.Clock, o.Receipt = s.SampledAtUs, s.IntervalUs, s.Clock, s.Receipt
		o.Transports, o.Streams, o.Events = sl.transports, sl.streams, sl.events
		if err := emit(o); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (sp *Splitter) assign(s *earshotv1.Sample) (out Outcome) {
	for i, t := range s.Transports {
		sp.transports[t.TransportId] = i
		if t.CallId != "" {
			sl := sp.slice(t.CallId)
			sp.cuts[sl].transports = append(sp.cuts[sl].transports, t)
		}
	}
	for _, st := range s.Streams {
		at, ok := sp.transports[st.TransportId]
		if !ok {
			out.Streams++ // not in an admitted sample
			continue
		}
		t := s.Transports[at]
		call := t.CallId
		if call == "" {
			call = st.CallId
		}
		if call == "" {
			out.Streams++
			continue
		}
		sl := sp.slice(call)
		if t.CallId == "" {
			sp.share(at, sl, t)
		}
		sp.cuts[sl].streams = append(sp.cuts[sl].streams, st)
	}
	for _, e := range s.Events {
		if !sp.event(s, e) {
			out.Events++
		}
	}
	out.Calls = sp.used
	return out
}

func (sp *Splitter) event(s *earshotv1.Sample, e *earshotv1.Event) bool {
	at, ok := sp.transports[e.TransportId]
	switch {
	case !ok: // the SFU's own, or a transport's that is gone already
		for i := range sp.cuts[:sp.used] {
			sp.cuts[i].events = append(sp.cuts[i].events, e)
		}
		return sp.used > 0
	case s.Transports[at].CallId != "":
		sl := sp.slice(s.Transports[at].CallId)
		sp.cuts[sl].events = append(sp.cuts[sl].events, e)
		return true
	}
	found := false
	for i := range sp.cuts[:sp.used] {
		if slices.Contains(sp.cuts[i].shared, at) {
			sp.cuts[i].events = append(sp.cuts[i].events, e)
			found = true
		}
	}
	return found
}

// share puts a shared transport into a slice, once.
func (sp *Splitter) share(at, sl int, t *earshotv1.Transport) {
	s := &sp.cuts[sl]
	if slices.Contains(s.shared, at) {
		return
	}
	s.shared = append(s.shared, at)
	s.transports = append(s.transports, t)
}

func (sp *Splitter) slice(call string) int {
	if i, ok := sp.calls[call]; ok {
		return i
	}
	i := sp.used
	if i == len(sp.cuts) {
		sp.cuts = append(sp.cuts, slice{})
	}
	sp.cuts[i].call = call
	sp.calls[call] = i
	sp.used++
	return i
}

// forget lets go of the sample, whose memory belongs to somebody else.
func (sp *Splitter) forget() {
	for i := range sp.cuts[:sp.used] {
		sl := &sp.cuts[i]
		clear(sl.transports)
		clear(sl.streams)
		clear(sl.events)
		*sl = slice{transports: sl.transports[:0], shared: sl.shared[:0], streams: sl.streams[:0], events: sl.events[:0]}
	}
	sp.used = 0
	clear(sp.calls)
	clear(sp.transports)
	o := &sp.out
	o.Client, o.Sfu, o.Clock, o.Receipt = nil, nil, nil, nil
	o.Transports, o.Streams, o.Events = nil, nil, nil
	o.CallId, o.SessionId = "", ""
}
