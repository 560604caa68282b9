package partition_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// stage runs a made-up call through a partition.
type stage struct {
	t    testing.TB
	call *callgen.Call
	part *partition.Partition
	rows row.Batch
}

func newStage(t testing.TB, cfg callgen.Config) *stage {
	return &stage{t: t, call: callgen.New(cfg), part: partition.New(partition.Config{})}
}

func (s *stage) run(d time.Duration) {
	s.call.Until(s.call.Now().Add(d), func(m *earshotv1.Sample, received time.Time) {
		s.apply(m, received)
	})
}

func (s *stage) apply(m *earshotv1.Sample, received time.Time) {
	s.t.Helper()
	value, err := m.MarshalVT()
	require.NoError(s.t, err)
	require.NoError(s.t, s.part.Apply(partition.Record{Key: []byte(m.CallId), Value: value, Time: received}, &s.rows))
}

// finish closes all windows.
func (s *stage) finish() {
	s.part.Advance(s.call.Now().Add(time.Minute), &s.rows)
}

// outcome is how far rows are from the truth.
type outcome struct {
	perHop   []float64 // |error| / hops
	bands    int       // with |error| <= 2 x rtt_err
	complete int
	rows     int
}

func (o *outcome) String() string {
	return fmt.Sprintf("rows %d, complete %.3f, |error| per hop: median %.2f ms, p95 %.2f ms; within the band %.3f",
		o.rows, float64(o.complete)/float64(o.rows), o.quantile(0.5), o.quantile(0.95), float64(o.bands)/float64(o.complete))
}

func (o *outcome) quantile(q float64) float64 {
	slices.Sort(o.perHop)
	if len(o.perHop) == 0 {
		return math.NaN()
	}
	return o.perHop[min(int(q*float64(len(o.perHop))), len(o.perHop)-1)]
}

// compare takes the rows of windows in [from, to), in which nothing changed.
func (s *stage) compare(from, to time.Time) *outcome {
	o := &outcome{}
	for i := range s.rows.E2E {
		r := &s.rows.E2E[i]
		if r.WindowStart < from.UnixMilli() || r.WindowStart+int64(r.WindowMs) > to.UnixMilli() {
			continue
		}
		o.rows++
		if r.Status != row.Complete {
			continue
		}
		o.complete++
		var p, v int
		_, err := fmt.Sscanf(r.PublisherID+" "+r.SubscriberID, "client%d client%d", &p, &v)
		require.NoError(s.t, err)
		truth, ok := s.call.Truth(p, v, time.UnixMilli(r.WindowStart).Add(time.Second))
		require.True(s.t, ok)
		require.Equal(s.t, truth.SFUs, append([]string(nil), r.SFUPath...))
		require.EqualValues(s.t, truth.Hops, r.HopsExpected)
		e := math.Abs(float64(r.RTTMs.Value) - float64(truth.RTT.Microseconds())/1e3)
		o.perHop = append(o.perHop, e/float64(truth.Hops))
		if e <= 2*float64(r.RTTErrMs.Value) {
			o.bands++
		}
	}
	return o
}

func TestConstantDelaysAreFoundToAMillisecondPerHop(t *testing.T) {
	for _, sfus := range []int{1, 2, 3, 4, 6} {
		for _, interval := range []time.Duration{time.Second, 5 * time.Second} {
			for _, audioOnly := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d SFUs every %v audio only %v", sfus, interval, audioOnly), func(t *testing.T) {
					s := newStage(t, callgen.Config{SFUs: sfus, Clients: 2 * sfus, Interval: interval, AudioOnly: audioOnly, Seed: uint64(sfus)})
					s.run(3 * time.Minute)
					s.finish()
					from := s.call.Now().Add(-3 * time.Minute).Add(15 * time.Second)
					o := s.compare(from, s.call.Now())
					t.Log(o)
					require.LessOrEqual(t, o.quantile(0.5), 1.0)
					require.LessOrEqual(t, o.quantile(0.95), 3.0)
					require.GreaterOrEqual(t, float64(o.bands), 0.95*float64(o.complete))
					require.GreaterOrEqual(t, float64(o.complete), 0.99*float64(o.rows))
				})
			}
		}
	}
}

func TestAStepOfTheDelayIsFollowedAtOnce(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 5 * time.Second} {
		t.Run(interval.String(), func(t *testing.T) {
			s := newStage(t, callgen.Config{Interval: interval, SFURTT: func(i, j int) time.Duration { return 90 * time.Millisecond }})
			s.run(60 * time.Second)
			s.call.SetSFURTT(0, 1, 180*time.Millisecond)
			stepped := s.call.Now()
			s.run(60 * time.Second)
			s.finish()
			o := s.compare(stepped.Add(2*interval).Add(5*time.Second).Truncate(5*time.Second), s.call.Now())
			t.Log(o)
			require.LessOrEqual(t, o.quantile(0.5), 1.0)
			require.LessOrEqual(t, o.quantile(0.95), 3.0)
			require.GreaterOrEqual(t, float64(o.bands), 0.95*float64(o.complete))
		})
	}
}

func TestJitterOfTheNetworkIsNotTakenForNoiseOfTheEndpoint(t *testing.T) {
	s := newStage(t, callgen.Config{Noise: callgen.Jitter(10 * time.Millisecond), Interval: time.Second})
	s.run(3 * time.Minute)
	s.finish()
	o := s.compare(s.call.Now().Add(-2*time.Minute), s.call.Now())
	t.Log(o)
	require.LessOrEqual(t, o.quantile(0.5), 3.0)
	require.GreaterOrEqual(t, float64(o.bands), 0.95*float64(o.complete))
}

func TestLostMeasurementsWidenTheBandOnly(t *testing.T) {
	s := newStage(t, callgen.Config{Lose: func(r *rand.Rand) bool { return r.Float64() < 0.3 }, Interval: time.Second})
	s.run(3 * time.Minute)
	s.finish()
	o := s.compare(s.call.Now().Add(-2*time.Minute), s.call.Now())
	t.Log(o)
	require.LessOrEqual(t, o.quantile(0.5), 1.0)
	require.LessOrEqual(t, o.quantile(0.95), 3.0)
	require.GreaterOrEqual(t, float64(o.bands), 0.95*float64(o.complete))
}

func TestABusyHostIsStillWithinTheBounds(t *testing.T) {
	noise := func(r *rand.Rand) time.Duration {
		ms := 0.4 + 1.1*r.Float64()
		if r.Float64() < 0.1 {
			ms += 8 * r.ExpFloat64()
		}
		return time.Duration(ms * float64(time.Millisecond))
	}
	for _, interval := range []time.Duration{time.Second, 5 * time.Second} {
		for seed := range uint64(3) {
			s := newStage(t, callgen.Config{SFUs: 6, Clients: 12, Interval: interval, Noise: noise, Seed: seed})
			s.run(2 * time.Minute)
			s.finish()
			o := s.compare(s.call.Now().Add(-100*time.Second), s.call.Now())
			t.Log(interval, o)
			require.LessOrEqual(t, o.quantile(0.5), 1.0)
			require.LessOrEqual(t, o.quantile(0.95), 3.0)
			require.GreaterOrEqual(t, float64(o.bands), 0.95*float64(o.complete))
			require.GreaterOrEqual(t, float64(o.complete), 0.99*float64(o.rows))
		}
	}
}
