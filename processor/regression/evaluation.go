package regression

import "time"

// trials is how many stretches of windows a segment is tested over: Persistence, twice and four times as many. Its p-value counts three
// times for that (Bonferroni).
const trials = 3

// evaluation is one call of Evaluate.
type evaluation struct {
	*Detector
	now    time.Time // the end of the last window
	known  []Regression
	open   []*Regression
	spans  []Span // in which something was wrong
	taint  map[int32]bool
	season *Profile
	tests  int
}

func (d *Detector) evaluation(season *Profile, known []Regression) *evaluation {
	last := d.history.recent[len(d.history.recent)-1]
	e := &evaluation{Detector: d, now: last.at().Add(d.cfg.Window), known: known, season: season, taint: map[int32]bool{}}
	for i := range known {
		r := &known[i]
		to := r.ResolvedAt
		if r.State == Open {
			e.open = append(e.open, r)
			to = e.now
		}
		if r.Reason != Lasting {
			e.spans = append(e.spans, Span{r.StartedAt, to})
			e.taintBy(r)
		}
	}
	return e
}

// taintBy notes which levels a regression moved.
func (e *evaluation) taintBy(r *Regression) {
	n := e.names
	if r.Cause == SFULink {
		e.taint[n.number(name{kind: linkKind, a: r.Link.From, b: r.Link.To})] = true
	}
	for _, c := range n.cells {
		if e.covers(r, c) {
			e.taint[c.self], e.taint[c.stratum], e.taint[c.people] = true, true, true
		}
	}
	for _, p := range r.Pairs {
		of := n.between(p.Pair)
		e.taint[of.pair], e.taint[of.core], e.taint[of.direct] = true, true, true
	}
}

// covers says whether a regression is about such access hops.
func (e *evaluation) covers(r *Regression, c cell) bool {
	switch r.Cause {
	case AccessNetwork:
		return c.asn != none && e.names.of[c.asn].asn == r.ASN
	case AccessSFU:
		return e.names.of[c.sfu].b == r.SFU
	case AppVersion:
		return c.version != none && e.names.of[c.version].version == r.Version
	}
	return false
}

// layers are the references for a test of the last windows.
func (e *evaluation) layers(last int) []*layer {
	ready := func(p *Profile) *lazy { return &lazy{made: p} }
	older := func(without []Span) *lazy {
		return &lazy{make: func() *Profile { return e.history.older(last, without) }}
	}
	before := &layer{cfg: &e.cfg, clean: []*lazy{ready(e.history.before(nil)), older(nil)}, taint: e.taint}
	if len(e.taint) > 0 {
		before.tainted = []*lazy{ready(e.history.before(e.spans)), older(e.spans)}
	}
	if e.season == nil {
		return []*layer{before}
	}
	return []*layer{{cfg: &e.cfg, clean: []*lazy{ready(e.season)}}, before}
}
