package frame_test

import (
	"math"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
)

func TestWideHasEveryTimeOnceAndWhatIsNotKnownEmpty(t *testing.T) {
	at := func(minute int) time.Time { return time.Unix(0, 0).UTC().Add(time.Duration(minute) * time.Minute) }
	w := frame.NewWide("pipeline", []string{"sources", "late_ratio"}, time.Minute)
	w.Put(at(1), "sources", data.Labels{"source_kind": "client"}, frame.Count(5))
	w.Put(at(3), "sources", data.Labels{"source_kind": "client"}, frame.Count(6))
	w.Put(at(2), "late_ratio", nil, frame.Ratio(1, 4))
	w.Put(at(1), "sources", data.Labels{"source_kind": ""}, frame.Count(3))
	w.Put(at(1), "sources", data.Labels{"source_kind": ""}, frame.Count(4)) // a second one does not count
	f := w.Frame()
	require.Equal(t, []time.Time{at(1), at(2), at(3)}, []time.Time{f.Fields[0].At(0).(time.Time), f.Fields[0].At(1).(time.Time), f.Fields[0].At(2).(time.Time)})
	require.Equal(t, data.TimeSeriesTypeWide, f.TimeSeriesSchema().Type)
	values := map[string][]*float64{}
	for _, field := range f.Fields[1:] {
		for i := range field.Len() {
			values[field.Config.DisplayNameFromDS] = append(values[field.Config.DisplayNameFromDS], field.At(i).(*float64))
		}
	}
	require.Equal(t, map[string][]*float64{
		"client sources": {frame.Count(5), nil, frame.Count(6)}, "unknown sources": {frame.Count(3), nil, nil}, "late": {nil, frame.Ratio(1, 4), nil},
	}, values)
	require.Equal(t, "late_ratio", f.Fields[3].Name, "stats in the order in which they were asked for")
	require.InDelta(t, 60_000, f.Fields[0].Config.Interval, 0)
	require.Empty(t, frame.NewWide("none", nil, 0).Frame().Fields)
}

func TestFiguresKeepTheirDigitsAndUnknownOnesAreEmpty(t *testing.T) {
	number := func(v float32) *float32 { return &v }
	require.InDelta(t, 0.1, *frame.Number(number(0.1)), 0)
	require.Nil(t, frame.Number(nil))
	require.Nil(t, frame.Number(number(float32(math.NaN()))))
	require.Nil(t, frame.Number(number(float32(math.Inf(1)))))
	require.Nil(t, frame.Ratio(0, 0), "a share of nothing is not known")
}

func TestNumericFramesTellAlertRulesWhatTheyAre(t *testing.T) {
	rows := []string{"a", "b"}
	long := frame.NewTable("t", rows)
	frame.Column(long, "path", func(r string) string { return r })
	frame.Column(long, "p95", func(string) *float64 { return frame.Count(1) })
	require.Equal(t, data.FrameTypeNumericLong, long.Numeric().Meta.Type)
	require.Equal(t, "ms", long.Frame.Fields[1].Config.Unit)
	one := frame.NewTable("t", rows[:1])
	frame.Column(one, "p95", func(string) *float64 { return nil })
	require.Equal(t, data.FrameTypeNumericWide, one.Numeric().Meta.Type)
	none := frame.NewTable("t", rows[:0])
	frame.Column(none, "p95", func(string) *float64 { return nil })
	require.Empty(t, none.Numeric().Fields)
}
