// Package admit decides about samples: a decoded Sample and the time of receipt go in; a sample that everything behind may
// rely on, or the reason why not, comes out.
//
// A refusal concerns the whole sample. What is wrong in a detail only (an RTT of zero, an enum value of a later schema) is
// taken out and counted, since the rest of the sample is as good without it.
package admit

import (
	"fmt"
	"time"
	"unicode/utf8"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

const (
	maxRTTMicros      = 10_000_000
	maxIntervalMicros = int64(time.Hour / time.Microsecond)
	// Below this many transports looking through them is cheaper than a map.
	fewTransports = 8
)

// Checker checks samples, one after another. It is not safe for concurrent use.
type Checker struct {
	limits Limits
	index  map[string]int32
	drops  []Drop
}

// Drop says how much was taken out of samples, and why.
type Drop struct {
	Reason Reason
	Count  int
}

// NewChecker makes a Checker.
func NewChecker(limits Limits) *Checker {
	return &Checker{limits: limits, index: map[string]int32{}}
}

// Drops gives what was taken out since the last call. The slice is valid until the next use of the Checker.
func (c *Checker) Drops() []Drop {
	d := c.drops
	c.drops = c.drops[:0]
	return d
}

func (c *Checker) drop(r Reason, n int) {
	for i := range c.drops {
		if c.drops[i].Reason == r {
			c.drops[i].Count += n
			return
		}
	}
	c.drops = append(c.drops, Drop{r, n})
}

func refuse(r Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// Check returns nil when s may go on. It discards a receipt that came with s and takes out what is useless.
func (c *Checker) Check(s *earshotv1.Sample, received time.Time) *Refusal {
	if s.Receipt != nil {
		s.Receipt.ReturnToVTPool()
		s.Receipt = nil
		c.drop(ReceiptForged, 1)
	}
	if r := c.counts(s); r != nil {
		return r
	}
	if r := c.origin(s); r != nil {
		return r
	}
	if r := c.times(s, received); r != nil {
		return r
	}
	if r := c.transports(s); r != nil {
		return r
	}
	if r := c.streams(s); r != nil {
		return r
	}
	return c.events(s)
}

func (c *Checker) counts(s *earshotv1.Sample) *Refusal {
	switch {
	case len(s.Transports) > c.limits.Transports:
		return refuse(TooMany, "%d transports, at most %d are allowed", len(s.Transports), c.limits.Transports)
	case len(s.Streams) > c.limits.Streams:
		return refuse(TooMany, "%d streams, at most %d are allowed", len(s.Streams), c.limits.Streams)
	case len(s.Events) > c.limits.Events:
		return refuse(TooMany, "%d events, at most %d are allowed", len(s.Events), c.limits.Events)
	}
	return nil
}

func (c *Checker) origin(s *earshotv1.Sample) *Refusal {
	switch {
	case s.Client == nil && s.Sfu == nil:
		return refuse(NoOrigin, "neither client nor sfu is set")
	case s.Client != nil && s.Sfu != nil:
		return refuse(TwoOrigins, "client and sfu are both set")
	case s.Client != nil:
		if r := c.client(s.Client); r != nil {
			return r
		}
		if s.CallId == "" {
			return refuse(NoCallID, "a client names the call it is in; call_id is empty")
		}
	default:
		if r := c.sfu(s.Sfu); r != nil {
			return r
		}
	}
	if r := c.id("call_id", s.CallId); r != nil {
		return r
	}
	if s.SessionId == "" {
		return refuse(NoSession, "session_id is empty")
	}
	if r := c.id("session_id", s.SessionId); r != nil {
		return r
	}
	if s.Sequence == 0 {
		return refuse(NoSequence, "sequence counts from 1")
	}
	return nil
}

func (c *Checker) client(o *earshotv1.ClientOrigin) *Refusal {
	if o.ClientId == "" {
		return refuse(NoSource, "client.client_id is empty")
	}
	if r := c.id("client.client_id", o.ClientId); r != nil {
		return r
	}
	if r := c.id("client.user_id", o.UserId); r != nil {
		return r
	}
	return c.texts("client", o.AppVersion, o.Browser, o.BrowserVersion, o.Os, o.NetworkType, o.ProbeVersion)
}

func (c *Checker) sfu(o *earshotv1.SFUOrigin) *Refusal {
	if o.SfuId == "" {
		return refuse(NoSource, "sfu.sfu_id is empty")
	}
	if r := c.id("sfu.sfu_id", o.SfuId); r != nil {
		return r
	}
	return c.texts("sfu", o.Region, o.Version, o.ProbeVersion)
}

func (c *Checker) times(s *earshotv1.Sample, received time.Time) *Refusal {
	// Both terms below 2^61 keep the sum inside int64.
	const most = int64(1) << 61
	at := s.SampledAtUs
	if at <= 0 || at > most {
		return refuse(BadTime, "sampled_at_us is %d; it must be microseconds since 1970", at)
	}
	mended := ""
	if s.Clock != nil {
		if o := s.Clock.OffsetUs; o < -most || o > most {
			return refuse(BadTime, "clock.offset_us is %d", o)
		}
		at += s.Clock.OffsetUs
		mended = " with its clock offset"
	}
	if ahead := at - received.UnixMicro(); ahead > c.limits.MaxAhead.Microseconds() {
		return refuse(BadTime, "sampled_at_us%s lies %d s ahead of the collector's clock, at most %d s are allowed",
			mended, ahead/1e6, int64(c.limits.MaxAhead.Seconds()))
	} else if -ahead > c.limits.MaxAge.Microseconds() {
		return refuse(BadTime, "sampled_at_us%s lies %d s back, at most %d s are allowed",
			mended, -ahead/1e6, int64(c.limits.MaxAge.Seconds()))
	}
	if s.IntervalUs < 0 || s.IntervalUs > maxIntervalMicros {
		return refuse(BadInterval, "interval_us is %d; it must lie between 0 and one hour", s.IntervalUs)
	}
	return nil
}

func (c *Checker) transports(s *earshotv1.Sample) *Refusal {
	clear(c.index)
	many := len(s.Transports) > fewTransports
	for i, t := range s.Transports {
		if t.TransportId == "" {
			return refuse(NoTransportID, "transports[%d].transport_id is empty", i)
		}
		for _, id := range [...]string{t.TransportId, t.CallId, t.RemoteOwnerId, t.RemoteTransportId} {
			if !c.idFits(id) {
				return c.badText("transports", i, id, c.limits.IDBytes)
			}
		}
		if _, ok := c.find(s.Transports[:i], t.TransportId, many); ok {
			return refuse(TransportTwice, "transports[%d].transport_id %q was there before", i, t.TransportId)
		}
		if many {
			c.index[t.TransportId] = int32(i)
		}
		if s.CallId != "" && t.CallId != "" && t.CallId != s.CallId {
			return refuse(CallConflict, "transports[%d].call_id is %q, the sample's is %q", i, t.CallId, s.CallId)
		}
		c.transportEnums(t)
		var r *Refusal
		if t.Rtts, r = c.rtts("transports", i, t.Rtts); r != nil {
			return r
		}
	}
	return nil
}

// find gives the transport of an id, among those that were put into the index already.
func (c *Checker) find(ts []*earshotv1.Transport, id string, many bool) (*earshotv1.Transport, bool) {
	if many {
		if i, ok := c.index[id]; ok {
			return ts[i], true
		}
		return nil, false
	}
	for _, t := range ts {
		if t.TransportId == id {
			return t, true
		}
	}
	return nil, false
}

func (c *Checker) streams(s *earshotv1.Sample) *Refusal {
	many := len(s.Transports) > fewTransports
	for i, st := range s.Streams {
		t, ok := c.find(s.Transports, st.TransportId, many)
		if !ok {
			return refuse(UnknownTransport, "streams[%d].transport_id %q is not among the sample's transports", i, cut(st.TransportId))
		}
		for _, id := range [...]string{st.TrackId, st.CallId, st.ForwardedTransportId, st.Mid, st.Rid, st.Codec} {
			if !c.idFits(id) {
				return c.badText("streams", i, id, c.limits.IDBytes)
			}
		}
		if st.Direction != earshotv1.Direction_DIRECTION_INBOUND && st.Direction != earshotv1.Direction_DIRECTION_OUTBOUND {
			return refuse(BadDirection, "streams[%d].direction is %d; it must be inbound (1) or outbound (2)", i, st.Direction)
		}
		if st.Kind < 0 || st.Kind > earshotv1.MediaKind_MEDIA_KIND_VIDEO {
			return refuse(BadKind, "streams[%d].kind is %d; it must be audio (1) or video (2)", i, st.Kind)
		}
		if st.CallId != "" && (t.CallId != "" && t.CallId != st.CallId || s.CallId != "" && s.CallId != st.CallId) {
			return refuse(CallConflict, "streams[%d].call_id is %q, its transport or sample names another", i, st.CallId)
		}
		if st.QualityLimitation < 0 || st.QualityLimitation > earshotv1.QualityLimitation_QUALITY_LIMITATION_OTHER {
			st.QualityLimitation = 0
			c.drop(UnknownEnum, 1)
		}
		var r *Refusal
		if st.Rtts, r = c.rtts("streams", i, st.Rtts); r != nil {
			return r
		}
	}
	return nil
}

func (c *Checker) events(s *earshotv1.Sample) *Refusal {
	for i, e := range s.Events {
		for _, id := range [...]string{e.TransportId, e.TrackId} {
			if !c.idFits(id) {
				return c.badText("events", i, id, c.limits.IDBytes)
			}
		}
		if len(e.Value) > c.limits.TextBytes || !utf8.ValidString(e.Value) {
			return c.badText("events", i, e.Value, c.limits.TextBytes)
		}
		if e.Type < 0 || e.Type > earshotv1.EventType_EVENT_TYPE_CUSTOM {
			e.Type = 0
			c.drop(UnknownEnum, 1)
		}
	}
	return nil
}

// rtts takes out what is no measurement.
func (c *Checker) rtts(where string, i int, in []*earshotv1.RTT) ([]*earshotv1.RTT, *Refusal) {
	if len(in) > c.limits.RTTs {
		return in, refuse(TooMany, "%s[%d] has %d rtts, at most %d are allowed", where, i, len(in), c.limits.RTTs)
	}
	n := 0
	for j, r := range in {
		var why Reason
		switch {
		case r.LatestUs == 0 || r.Source <= 0 || r.Source > earshotv1.RTTSource_RTT_SOURCE_PROBE:
			why = RTTMissing
		case r.LatestUs >= maxRTTMicros:
			why = RTTTooLong
		default:
			in[n], in[j] = in[j], in[n]
			n++
			continue
		}
		c.drop(why, 1)
		// What lies behind the slice's end is used again by the next sample, so it must be empty.
		r.ResetVT()
	}
	return in[:n], nil
}
