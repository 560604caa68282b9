package partition

import (
	"strings"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/stitch"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// strand is what is known of a stream beyond the graph.
type strand struct {
	of          *graph.Stream
	play        *playback // at clients only
	residenceAt int64     // when an SFU last said how long packets stay in it; 0 = never
	residence   float32   // µs
	media       row.Media
	limit       row.Limitation // what its encoder said last
	mid         string
	rid         string
	codec       string
	track       string

	at       int64 // event time of the sample before; 0 = none
	packets  uint64
	bytes    uint64
	lost     int64
	nack     uint32
	pli      uint32
	frames   uint64
	counters []stitch.Counter
}

// playback is what only clients count, and what a received stream's path was.
type playback struct {
	sending                    sending
	freeze, samples, concealed uint64
	buffer, emitted            uint64
	decode, processing         uint64
	playout, played            uint64
	encode, send, qp           uint64
	shares                     []share // of windows that are open, in no order
	route                      *route  // nil where none was found
	version                    uint64
	resolved                   int64 // the instant for which the route was found last
}

// name keeps a stream's names; they seldom change.
func (s *strand) name(p *Partition, m *earshotv1.Stream) {
	if s.mid != m.Mid {
		s.mid = p.intern(m.Mid)
	}
	if s.rid != m.Rid {
		s.rid = p.intern(m.Rid)
	}
	if s.codec != m.Codec {
		s.codec = p.intern(m.Codec)
	}
	if s.track != m.TrackId {
		s.track = strings.Clone(m.TrackId)
	}
	if m.Kind == earshotv1.MediaKind_MEDIA_KIND_AUDIO || m.Kind == earshotv1.MediaKind_MEDIA_KIND_VIDEO {
		s.media = row.Media(m.Kind)
	}
}

// next takes a reading of one of the stream's counters of round-trip times in.
func next(counters []stitch.Counter, r stitch.Reading) ([]stitch.Counter, stitch.Measurement, bool) {
	for i := range counters {
		if counters[i].Source == r.Source {
			m, ok := counters[i].Next(r)
			return counters, m, ok
		}
	}
	counters = append(counters, stitch.Counter{Source: r.Source})
	m, ok := counters[len(counters)-1].Next(r)
	return counters, m, ok
}

// read turns a protocol message into a reading; times of the source's clock become event times.
func (a *arrival) read(m *earshotv1.RTT) (r stitch.Reading, ok bool) {
	if m.Source < 0 || m.Source > 255 || !stitch.Source(m.Source).Valid() {
		return r, false
	}
	r = stitch.Reading{Source: stitch.Source(m.Source), LatestUs: m.LatestUs, TotalUs: m.TotalUs, Count: m.Count}
	if m.MeasuredAtUs > 0 {
		r.MeasuredAt = m.MeasuredAtUs + a.shift
	}
	return r, true
}
