package regression

import "time"

// chunks is in how many parts the past is kept, so that those in which something was wrong can be left out.
const chunks = 6

// chunk is a part of the past that is no longer held call by call.
type chunk struct {
	from, to int64 // Unix seconds
	profile  *Profile
}

// history is the last windows call by call, and what was before them in chunks.
type history struct {
	cfg    Config
	names  *names
	recent []*window // oldest first
	past   []chunk   // oldest first; the last one may still grow
	merged map[uint64]*Profile
}

func (h *history) add(w *window) {
	if n := len(h.recent); n > 0 && h.recent[n-1].start >= w.start {
		return
	}
	h.recent = append(h.recent, w)
	for len(h.recent) > h.cfg.Recent {
		h.retire(h.recent[0])
		h.recent[0] = nil
		h.recent = h.recent[1:]
	}
}

func (h *history) retire(w *window) {
	long := int64(h.cfg.Before) * int64(h.cfg.Window/time.Second) / chunks
	if n := len(h.past); n == 0 || w.start >= h.past[n-1].to {
		from := w.start - w.start%long
		h.past = append(h.past, chunk{from, from + long, newProfile(h.names)})
		for h.past[0].to <= from-long*chunks {
			h.past = h.past[1:]
		}
		h.merged = map[uint64]*Profile{}
	}
	h.past[len(h.past)-1].profile.take(w)
}

// before is the chunks that are complete, without those that overlap one of the spans.
func (h *history) before(without []Span) *Profile {
	which := uint64(0)
	for i := 0; i+1 < len(h.past); i++ {
		if c := h.past[i]; !overlaps(c.from, c.to, without) {
			which |= 1 << i
		}
	}
	if p := h.merged[which]; p != nil {
		return p
	}
	p := newProfile(h.names)
	for i := range h.past {
		if which&(1<<i) != 0 {
			p.merge(h.past[i].profile)
		}
	}
	if h.merged == nil {
		h.merged = map[uint64]*Profile{}
	}
	h.merged[which] = p
	return p
}

// older is the recent windows except for the last ones, without those that overlap one of the spans, as far as another profile does
// not know enough.
func (h *history) older(last int, without []Span, known *Profile) *Profile {
	p := newProfile(h.names)
	p.beyond, p.enough = known, int32(h.cfg.MinReference)
	for _, w := range h.recent[:max(len(h.recent)-last, 0)] {
		if !overlaps(w.start, w.start+int64(h.cfg.Window/time.Second), without) {
			p.take(w)
		}
	}
	return p
}

func overlaps(from, to int64, spans []Span) bool {
	for _, s := range spans {
		if s.From.Unix() < to && from < s.To.Unix() {
			return true
		}
	}
	return false
}
