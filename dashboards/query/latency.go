package query

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"
)

// groups are what latency can be told apart by: the names of the API, and the columns.
var groups = map[string]string{
	"publisher_region": "publisher_region", "subscriber_region": "subscriber_region", "path": "path", "version": "app", "asn": "asn",
	"country": "country", "browser": "browser", "network": "network",
}

// LatencyGroups are the words that LatencyQuery.By takes.
func LatencyGroups() []string {
	return []string{"publisher_region", "subscriber_region", "path", "version", "asn", "country", "browser", "network"}
}

// nothing is a column to group by where nothing is to be told apart: the tenant is always one.
const nothing = "tenant"

// LatencyQuery asks how long it takes from those who speak to those who hear, over many calls. Empty filters match everything.
type LatencyQuery struct {
	Range
	By        string        // one of LatencyGroups; "" = all together
	Step      time.Duration // of a point; 0 with OverTime: as fine as MaxPoints allows
	OverTime  bool          // points; otherwise one for the whole range
	MaxPoints int           // 0 = 300
	Groups    int           // at most so many, those with the most windows; 0 = 20, or 1,000 where not over time
	LatencyFilter
}

// LatencyFilter says whose latency is meant. Version, country, network operator, browser and network are the subscriber's.
type LatencyFilter struct {
	Kind             string // audio or video
	PublisherRegion  string
	SubscriberRegion string
	Path             string // regions of the SFUs joined by '>', or p2p
	Version          string
	ASN              uint32
	Country          string
	Browser          string // name and major version
	Network          string
}

// Latency is figures by step and group.
type Latency struct {
	From   time.Time      `json:"from"` // the span that was covered: the one asked for, rounded to what the source has
	To     time.Time      `json:"to"`
	StepMs int64          `json:"step_ms"` // 0: one point for the whole range
	Source string         `json:"source"`  // the table that was read
	Points []LatencyPoint `json:"points"`  // by time, then by the number of windows
}

// LatencyPoint is one group in one step.
type LatencyPoint struct {
	At     time.Time `ch:"at" json:"at"`
	Group  string    `ch:"group_a" json:"group"` // as By says; "" = not known, or all
	Second string    `ch:"group_b" json:"-"`
	Figures
}

// Latency gives figures by step and group.
func (s *Service) Latency(ctx context.Context, q LatencyQuery) (*Latency, error) {
	return s.latency(ctx, q, groups[q.By], "")
}

// MatrixQuery asks which region is how far from which.
type MatrixQuery struct {
	Range
	LatencyFilter
	Limit int // pairs; 0 = 1,000
}

// Matrix is latency by pair of regions.
type Matrix struct {
	From   time.Time    `json:"from"`
	To     time.Time    `json:"to"`
	Source string       `json:"source"`
	Pairs  []RegionPair `json:"pairs"` // those with the most windows first
}

// RegionPair is who sent from one region to another; "" = not known.
type RegionPair struct {
	Publisher  string `json:"publisher_region"`
	Subscriber string `json:"subscriber_region"`
	Figures
}

// Matrix gives latency by pair of regions.
func (s *Service) Matrix(ctx context.Context, q MatrixQuery) (*Matrix, error) {
	l, err := s.latency(ctx, LatencyQuery{Range: q.Range, LatencyFilter: q.LatencyFilter, Groups: q.Limit}, "publisher_region", "subscriber_region")
	if err != nil {
		return nil, err
	}
	out := &Matrix{From: l.From, To: l.To, Source: l.Source, Pairs: make([]RegionPair, len(l.Points))}
	for i, p := range l.Points {
		out.Pairs[i] = RegionPair{Publisher: p.Group, Subscriber: p.Second, Figures: p.Figures}
	}
	return out, nil
}

func (s *Service) latency(ctx context.Context, q LatencyQuery, by, and string) (*Latency, error) {
	a := s.history(q.Range).filter(&q.LatencyFilter).oneOf("by", q.By, LatencyGroups())
	out := &Latency{}
	a.params["by"], a.params["and"] = nothing, nothing
	used := q.columns()
	for param, column := range map[string]string{"by": by, "and": and} {
		if column != "" {
			a.params[param] = column
			used = append(used, column)
		}
	}
	slices.Sort(used)
	used = slices.Compact(used)
	if q.OverTime {
		step := a.step(q.Step, q.MaxPoints, 300)
		if grain := finest(latencySources, used); q.Step == 0 && a.span.To.Sub(a.span.From) > longerThan(grain) {
			step = max(step, grain) // nobody asked for finer, and only single windows would be
		}
		out.StepMs = step.Milliseconds()
	}
	a.number("step_ms", out.StepMs)
	if q.Groups == 0 && q.OverTime {
		q.Groups = 20
	}
	a.limit(q.Groups, 1000)
	a.params["groups"], a.params["limit"] = a.params["limit"], int64(MaxRows)
	source := a.pick(latencySources, used, time.Duration(out.StepMs)*time.Millisecond)
	if source.one {
		a.params["trait"], a.params["value"], a.params["grouped"] = used[0], q.trait(), by != ""
	}
	points, err := all[LatencyPoint](ctx, s, source.sql, a)
	if err != nil {
		return nil, err
	}
	for i := range points {
		p := &points[i]
		p.finish()
		if by == "" || (by == "asn" && p.Group == "0") {
			p.Group = ""
		}
	}
	out.From, out.To, out.Source, out.Points = a.span.From, a.span.To, source.table, points
	return out, nil
}

// columns are those that the filter looks at.
func (f *LatencyFilter) columns() []string {
	var used []string
	for column, set := range map[string]bool{
		"publisher_region": f.PublisherRegion != "", "subscriber_region": f.SubscriberRegion != "", "path": f.Path != "",
		"app": f.Version != "", "asn": f.ASN != 0, "country": f.Country != "", "browser": f.Browser != "", "network": f.Network != "",
	} {
		if set {
			used = append(used, column)
		}
	}
	return used
}

// trait is what the filter wants of the subscriber, where it wants one thing.
func (f *LatencyFilter) trait() string {
	if f.ASN != 0 {
		return strconv.FormatUint(uint64(f.ASN), 10)
	}
	return cmp.Or(f.SubscriberRegion, f.Version, f.Country, f.Browser, f.Network)
}

func (a *arguments) filter(f *LatencyFilter) *arguments {
	return a.kind(f.Kind).text("publisher_region", f.PublisherRegion).text("subscriber_region", f.SubscriberRegion).text("path", f.Path).
		text("app", f.Version).number("asn", int64(f.ASN)).text("country", f.Country).text("browser", f.Browser).text("network", f.Network)
}

// ParseASN reads the number of a network operator, with or without AS before it.
func ParseASN(text string) (uint32, error) {
	if len(text) > 2 && (text[:2] == "AS" || text[:2] == "as") {
		text = text[2:]
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		return 0, &ArgumentError{"asn", strconv.Quote(text) + " is no number of a network operator such as 3320"}
	}
	return uint32(n), nil
}
