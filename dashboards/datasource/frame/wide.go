package frame

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// shortGap is how long a line goes on without points, however fine it is: windows may be longer than a step.
const shortGap = 15 * time.Second

// Wide is a frame over time: one field of times, and one per stat and group.
type Wide struct {
	name   string
	stats  []string
	step   time.Duration
	times  map[int64]time.Time // by their nanoseconds
	series []*series
	known  map[string]*series
}

type series struct {
	stat, shown string
	labels      data.Labels
	values      map[int64]*float64
}

// NewWide is a frame of stats over time, a point every step.
func NewWide(name string, stats []string, step time.Duration) *Wide {
	return &Wide{name: name, stats: stats, step: step, times: map[int64]time.Time{}, known: map[string]*series{}}
}

// Put sets the value of a stat of a group at a time, unless it has one; nil is not known. The group is told by labels, and shown as its
// values; without labels it is all.
func (w *Wide) Put(at time.Time, stat string, labels data.Labels, v *float64) {
	key := stat + "\x00" + labels.String()
	s := w.known[key]
	if s == nil {
		s = &series{stat: stat, shown: w.shown(stat, labels), labels: labels, values: map[int64]*float64{}}
		w.known[key] = s
		w.series = append(w.series, s)
	}
	when := at.UnixNano()
	w.times[when] = at
	if _, has := s.values[when]; !has {
		s.values[when] = v
	}
}

func (w *Wide) shown(stat string, labels data.Labels) string {
	if len(labels) == 0 {
		return Title(stat)
	}
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	values := make([]string, 0, len(labels))
	for _, name := range names {
		v := labels[name]
		if v == "" {
			v = "unknown"
		}
		values = append(values, v)
	}
	group := strings.Join(values, " ")
	if len(w.stats) == 1 {
		return group
	}
	return group + " " + Title(stat)
}

// Frame is what was put. The stats are in the order in which they were asked for, the groups in that in which they came.
func (w *Wide) Frame() *data.Frame {
	f := data.NewFrame(w.name)
	f.Meta = &data.FrameMeta{
		Type: data.FrameTypeTimeSeriesWide, TypeVersion: data.FrameTypeVersion{0, 1}, PreferredVisualization: data.VisTypeGraph,
	}
	if len(w.series) == 0 {
		return f // no fields at all is how Grafana's alerting says "no data"
	}
	order := slices.Sorted(maps.Keys(w.times))
	times := make([]time.Time, len(order))
	for i, when := range order {
		times[i] = w.times[when]
	}
	f.Fields = append(f.Fields, data.NewField("time", nil, times))
	f.Fields[0].Config = &data.FieldConfig{Interval: float64(max(w.step, shortGap).Milliseconds())}
	slices.SortStableFunc(w.series, func(a, b *series) int { return slices.Index(w.stats, a.stat) - slices.Index(w.stats, b.stat) })
	for _, s := range w.series {
		values := make([]*float64, len(order))
		for i, when := range order {
			values[i] = s.values[when]
		}
		field := data.NewField(s.stat, s.labels, values)
		field.Config = config(s.stat, s.shown)
		f.Fields = append(f.Fields, field)
	}
	return f
}
