package regression

import "time"

// trials is how many stretches of windows a segment is tested over: Persistence, twice and four times as many. Its p-value counts three
// times for that (Bonferroni).
const trials = 3

// turnover is how many times more the p-values of segments count that depend on who is calling. Callers come and go, so that what is tested
// in one window is by and by another draw than in those before, and each draw may be unlucky. Links between SFUs stay the same.
const turnover = 5

// evaluation is one call of Evaluate.
type evaluation struct {
	*Detector
	now    time.Time // the end of the last window
	known  []Regression
	open   []*Regression
	spans  []Span // in which something was wrong
	taint  map[int32]bool
	season *Profile
	byLast map[int][]*layer
	fresh  map[int32]bool // versions
	tests  int
}

func (d *Detector) evaluation(season *Profile, known []Regression) *evaluation {
	last := d.history.recent[len(d.history.recent)-1]
	e := &evaluation{Detector: d, now: last.at().Add(d.cfg.Window), known: known, season: season, taint: map[int32]bool{}, byLast: map[int][]*layer{}, fresh: map[int32]bool{}}
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
		if c.self != none && e.covers(r, c) {
			e.taint[c.self], e.taint[c.stratum], e.taint[c.people] = true, true, true
		}
	}
	for _, p := range r.Pairs {
		of := n.between(p.Pair)
		e.taint[of.pair], e.taint[of.core], e.taint[of.direct] = true, true, true
	}
}

// isNew says whether a version was not there before, though others were.
func (e *evaluation) isNew(version int32) bool {
	if was, ok := e.fresh[version]; ok {
		return was
	}
	p := e.season
	if p == nil {
		p = e.history.before(nil)
	}
	know := func(v int32) bool {
		r := p.hop(v)
		return int(r.windows) >= e.cfg.MinReference && len(r.kept) >= e.cfg.MinCalls
	}
	others := false
	for number := range e.names.of {
		others = others || e.names.of[number].kind == versionKind && know(int32(number))
	}
	e.fresh[version] = others && !know(version)
	return e.fresh[version]
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

// layers are the references for a test of the last windows: what was before them, and the season if there is one. A segment that is not known
// from before is not tested: that it is slower than a week ago does not say that it has become so.
func (e *evaluation) layers(last int) []*layer {
	if e.byLast[last] == nil {
		e.byLast[last] = e.references(last)
	}
	return e.byLast[last]
}

func (e *evaluation) references(last int) []*layer {
	profiles := func(without []Span) []*lazy {
		old := e.history.before(without)
		return []*lazy{{made: old}, {make: func() *Profile { return e.history.older(last, without, old) }}}
	}
	before := &layer{cfg: &e.cfg, clean: profiles(nil), taint: e.taint}
	if len(e.taint) > 0 {
		before.tainted = profiles(e.spans)
	}
	if e.season == nil {
		return []*layer{before}
	}
	return []*layer{before, {cfg: &e.cfg, clean: []*lazy{{made: e.season}}}}
}
