package partition_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// between returns the rows of one pair whose windows begin in [from, to).
func (s *stage) between(publisher, subscriber string, from, to time.Time) []row.E2E {
	var rows []row.E2E
	for _, r := range s.rows.E2E {
		if r.WindowStart >= from.UnixMilli() && r.WindowStart < to.UnixMilli() &&
			r.PublisherID == publisher && r.SubscriberID == subscriber {
			rows = append(rows, r)
		}
	}
	return rows
}

func TestEveryPairIsThereOncePerTrackAndWindow(t *testing.T) {
	s := newStage(t, callgen.Config{Interval: time.Second, Publishers: 5})
	s.run(time.Minute)
	s.finish()
	seen := map[string]int{}
	for _, r := range s.rows.E2E {
		if r.WindowStart == s.call.Now().Add(-20*time.Second).UnixMilli() {
			seen[fmt.Sprint(r.PublisherID, r.SubscriberID, r.Kind)]++
			require.Equal(t, row.Complete, r.Status)
			require.Equal(t, r.HopsExpected, r.HopsMeasured)
			require.EqualValues(t, 5, r.Instants)
		}
	}
	require.Len(t, seen, 5*5*2, "five publishers, five subscribers each, audio and video; the sixth client only receives")
	for k, n := range seen {
		require.Equal(t, 1, n, k)
	}
}

func TestAPeerToPeerCallIsAPathOfOneHop(t *testing.T) {
	s := newStage(t, callgen.Config{P2P: true, Interval: time.Second})
	s.run(30 * time.Second)
	s.finish()
	o := s.compare(s.call.Now().Add(-20*time.Second), s.call.Now())
	require.Equal(t, o.rows, o.complete)
	require.LessOrEqual(t, o.quantile(0.95), 1.0)
	for _, r := range s.rows.E2E {
		require.Empty(t, r.SFUPath)
		require.Len(t, r.HopRTTMs, 1)
	}
}

func TestAMovedClientShowsItsNewPathSoon(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 5 * time.Second} {
		t.Run(interval.String(), func(t *testing.T) {
			s := newStage(t, callgen.Config{Interval: interval})
			s.run(42 * time.Second)
			moved := s.call.Now()
			s.call.Move(1, 2)
			limit := moved.Add(2*interval + 5*time.Second)
			s.run(30 * time.Second)
			s.finish()
			rows := s.between("client0", "client1", moved.Add(-5*time.Second), limit)
			i := slices.IndexFunc(rows, func(r row.E2E) bool {
				return r.Status == row.Complete && slices.Equal(r.SFUPath, []string{"sfu0", "sfu1", "sfu2"})
			})
			require.NotEqual(t, -1, i, "the new path within two intervals and a window")
			require.LessOrEqual(t, rows[i].WindowStart+5000, limit.UnixMilli())
			require.GreaterOrEqual(t, rows[i].EpochStart, moved.UnixMilli())
			for _, r := range s.between("client0", "client1", limit, s.call.Now()) {
				require.Equal(t, []string{"sfu0", "sfu1", "sfu2"}, r.SFUPath)
				require.Equal(t, row.Complete, r.Status)
			}
			for _, r := range s.between("client0", "client1", time.Time{}, moved.Add(-5*time.Second)) {
				require.Equal(t, []string{"sfu0", "sfu1"}, r.SFUPath)
			}
		})
	}
}

func TestARestartOfICEChangesNoEpoch(t *testing.T) {
	s := newStage(t, callgen.Config{Interval: time.Second})
	s.run(30 * time.Second)
	s.call.RestartICE(1)
	s.run(30 * time.Second)
	s.finish()
	rows := s.between("client0", "client1", s.call.Now().Add(-45*time.Second), s.call.Now())
	require.NotEmpty(t, rows)
	for _, r := range rows {
		require.Equal(t, row.Complete, r.Status)
		require.Less(t, r.EpochStart, s.call.Now().Add(-50*time.Second).UnixMilli())
	}
}

func TestASFUThatRestartsIsFollowed(t *testing.T) {
	s := newStage(t, callgen.Config{Interval: time.Second})
	s.run(32 * time.Second)
	at := s.call.Now()
	s.call.RestartSFU(1)
	s.run(40 * time.Second)
	s.finish()
	for _, r := range s.between("client0", "client2", at.Add(10*time.Second), s.call.Now()) {
		require.Equal(t, row.Complete, r.Status)
		require.GreaterOrEqual(t, r.EpochStart, at.UnixMilli())
	}
	o := s.compare(at.Add(10*time.Second).Truncate(5*time.Second), s.call.Now())
	require.Equal(t, o.rows, o.complete)
	require.LessOrEqual(t, o.quantile(0.95), 3.0)
}

func TestAnUnprobedSFUMakesPathsPartialNeverWrong(t *testing.T) {
	for _, keys := range []callgen.Keys{callgen.LinkKeys, callgen.Names, callgen.UfragKeys, callgen.NoKeys} {
		t.Run(fmt.Sprint(keys), func(t *testing.T) {
			s := newStage(t, callgen.Config{Interval: time.Second, Unprobed: map[int]bool{1: true}, Keys: keys})
			s.run(time.Minute)
			s.finish()
			partial := 0
			for _, r := range s.rows.E2E {
				// client0 and client3 are at sfu0, client2 and client5 at sfu2, the others at the one in the middle.
				home := func(id string) int { return int(id[len(id)-1]-'0') % 3 }
				if r.Status != row.Partial {
					require.Equal(t, home(r.PublisherID), home(r.SubscriberID), "a path over the middle is never complete")
					require.NotEqual(t, 1, home(r.SubscriberID))
					continue
				}
				partial++
				require.False(t, r.RTTMs.Valid)
				require.Empty(t, r.PublisherID)
				require.Greater(t, r.HopsExpected, r.HopsMeasured)
				if r.WindowStart > s.call.Now().Add(-30*time.Second).UnixMilli() {
					require.True(t, r.RTTLowerMs.Valid)
				}
			}
			require.NotZero(t, partial)
		})
	}
}

func TestEndsFindEachOtherByWhateverTheyKnow(t *testing.T) {
	for keys, by := range map[callgen.Keys]row.PairedBy{
		callgen.LinkKeys: row.ByLinkKey, callgen.Names: row.Explicit, callgen.UfragKeys: row.ByUfrag, callgen.AddressKeys: row.ByAddress,
	} {
		s := newStage(t, callgen.Config{Interval: time.Second, Keys: keys})
		s.run(30 * time.Second)
		s.finish()
		require.Equal(t, by, s.rows.Hops[len(s.rows.Hops)-1].PairedBy)
		o := s.compare(s.call.Now().Add(-20*time.Second), s.call.Now())
		require.Equal(t, o.rows, o.complete)
	}
}

func TestClocksThatAreOffByAnHourMakeNoDifference(t *testing.T) {
	s := newStage(t, callgen.Config{Interval: time.Second, SkewClocks: true})
	s.run(time.Minute)
	s.finish()
	require.Zero(t, s.part.Counts().Implausible)
	o := s.compare(s.call.Now().Add(-40*time.Second), s.call.Now())
	require.Equal(t, o.rows, o.complete)
	require.LessOrEqual(t, o.quantile(0.95), 1.0)
}

func TestAMutedTrackKeepsItsRoundTripTime(t *testing.T) {
	s := newStage(t, callgen.Config{Interval: time.Second, AudioOnly: true})
	s.run(20 * time.Second)
	s.call.Mute(0, true)
	s.run(40 * time.Second)
	s.finish()
	rows := s.between("client0", "client2", s.call.Now().Add(-30*time.Second), s.call.Now())
	require.Len(t, rows, 6)
	for _, r := range rows {
		require.Equal(t, row.Complete, r.Status)
	}
}

func TestAClientThatLeavesTakesItsPathsWithIt(t *testing.T) {
	s := newStage(t, callgen.Config{Interval: time.Second})
	s.run(30 * time.Second)
	at := s.call.Now()
	s.call.Leave(0)
	s.run(30 * time.Second)
	s.finish()
	require.Empty(t, s.between("client0", "client1", at.Add(5*time.Second), s.call.Now()))
	require.NotEmpty(t, s.between("client1", "client2", at.Add(5*time.Second), s.call.Now()))
}

func TestTheSameSampleTwiceCountsOnce(t *testing.T) {
	once, twice := newStage(t, callgen.Config{}), newStage(t, callgen.Config{})
	once.run(time.Minute)
	n := uint64(0)
	twice.call.Until(twice.call.Now().Add(time.Minute), func(m *earshotv1.Sample, received time.Time) {
		twice.apply(m, received)
		twice.apply(m, received)
		n++
	})
	once.finish()
	twice.finish()
	require.Equal(t, dump(&once.rows), dump(&twice.rows))
	require.Equal(t, n, twice.part.Counts().Duplicate)
}

func TestAnIdleSourceDoesNotHoldTheOthers(t *testing.T) {
	s := &stage{t: t, call: callgen.New(callgen.Config{Interval: time.Second}),
		part: partition.New(partition.Config{Lateness: time.Hour})}
	stopped := s.call.Now().Add(20 * time.Second)
	s.call.Until(s.call.Now().Add(time.Minute), func(m *earshotv1.Sample, received time.Time) {
		if m.GetClient().GetClientId() == "client0" && received.After(stopped) {
			return
		}
		s.apply(m, received)
	})
	last := s.rows.E2E[len(s.rows.E2E)-1]
	require.GreaterOrEqual(t, last.WindowStart, s.call.Now().Add(-10*time.Second).UnixMilli())
}

func TestLateSamplesAreCountedAndChangeNothing(t *testing.T) {
	s := newStage(t, callgen.Config{Interval: time.Second})
	var held []*earshotv1.Sample
	s.call.Until(s.call.Now().Add(time.Minute), func(m *earshotv1.Sample, received time.Time) {
		if m.GetClient().GetClientId() == "client0" && m.Sequence > 20 && m.Sequence <= 25 {
			held = append(held, m)
			return
		}
		s.apply(m, received)
	})
	before := len(s.rows.E2E)
	for _, m := range held {
		s.apply(m, s.call.Now())
	}
	require.EqualValues(t, len(held), s.part.Counts().Late)
	require.Len(t, s.rows.E2E, before)
	require.True(t, s.rows.Samples[len(s.rows.Samples)-1].Late)
}

func TestACallOfAThousandIsResolved(t *testing.T) {
	if testing.Short() {
		t.Skip("a large call")
	}
	s := newStage(t, callgen.Config{Clients: 1000, Publishers: 5, SFUs: 8, Shape: callgen.Mesh, AudioOnly: true})
	began := time.Now()
	s.run(40 * time.Second)
	s.finish()
	t.Log("took", time.Since(began))
	complete := 0
	for _, r := range s.rows.E2E {
		if r.WindowStart == s.call.Now().Add(-20*time.Second).UnixMilli() && r.Status == row.Complete {
			complete++
		}
	}
	require.Equal(t, 5*999, complete)
}
