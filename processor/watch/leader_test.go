package watch_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnotherLeaderGoesOnWithWhatIsOpen(t *testing.T) {
	db := openStore(t, "leaders")
	start := begin()
	step := start.Add(time.Minute)
	feed(t, db, start, step, call{"", "lab", 90})
	feed(t, db, step, step.Add(time.Minute), call{"", "lab", 150})
	_, stop := lead(t, db, live())
	seen(t, db, step.Add(45*time.Second))
	stop()
	before := regressions(t, db)
	require.Len(t, before, 1)
	rows := number(t, db, "SELECT count() AS n FROM observations")

	reg, stop := lead(t, db, live())
	defer stop()
	feed(t, db, step.Add(time.Minute), step.Add(3*time.Minute), call{"", "lab", 90})
	eventually(t, "resolved", func() bool { return regressions(t, db)[0].State == "resolved" })
	seen(t, db, step.Add(165*time.Second))
	after := regressions(t, db)
	require.Len(t, after, 1, "the same one, and no other")
	require.Equal(t, before[0].ID, after[0].ID)
	require.Equal(t, before[0].Started, after[0].Started)
	require.EqualValues(t, rows+24*6, number(t, db, "SELECT count() AS n FROM observations"), "what was observed is not observed again")
	require.Zero(t, metric(t, reg, "earshot_regression_windows_total", "skipped"))
}

func TestTwoLeadersAtOnceWriteWhatOneWrites(t *testing.T) {
	db := openStore(t, "twins")
	start := begin()
	step := start.Add(time.Minute)
	feed(t, db, start, step, call{"", "lab", 90})
	feed(t, db, step, step.Add(time.Minute), call{"", "lab", 150})
	_, stopOne := lead(t, db, live())
	_, stopTwo := lead(t, db, live())
	seen(t, db, step.Add(45*time.Second))
	stopOne()
	stopTwo()
	require.Len(t, regressions(t, db), 1)
	require.Equal(t, number(t, db, "SELECT uniqExact(window_start, call_id, sfu_path) AS n FROM observations"), number(t, db, "SELECT count() AS n FROM observations"))
	require.Equal(t, number(t, db, "SELECT uniqExact(id, evaluated_at) AS n FROM regressions"), number(t, db, "SELECT count() AS n FROM regressions"))
}

func TestAfterALongStandstillOnlyTheLastIsMadeUpFor(t *testing.T) {
	db := openStore(t, "standstill")
	start := begin().Add(-2 * time.Hour)
	feed(t, db, start, start.Add(time.Minute), call{"", "old", 90})
	cfg := live()
	cfg.CatchUp = 5 * time.Minute
	_, stop := lead(t, db, cfg, func() time.Time { return start.Add(2 * time.Minute) })
	seen(t, db, start.Add(45*time.Second))
	stop()

	now := begin()
	feed(t, db, now, now.Add(10*time.Minute), call{"", "new", 90})
	reg, stop := lead(t, db, cfg, func() time.Time { return now.Add(10 * time.Minute) })
	defer stop()
	seen(t, db, now.Add(9*time.Minute+45*time.Second))
	first := now.Add(10*time.Minute - 5*time.Second - 5*time.Minute)
	require.EqualValues(t, first.Unix(), number(t, db, "SELECT toUInt64(toUnixTimestamp(min(window_start))) AS n FROM observations WHERE call_id = 'new'"))
	require.Positive(t, metric(t, reg, "earshot_regression_windows_total", "skipped"))
}

func TestWhatIsOpenEndsAlsoWhereNobodyIsInACallAnyMore(t *testing.T) {
	db := openStore(t, "silence")
	start := begin()
	step := start.Add(time.Minute)
	feed(t, db, start, step, call{"", "lab", 90})
	feed(t, db, step, step.Add(time.Minute), call{"", "lab", 150})
	cfg := live()
	cfg.CatchUp, cfg.Detector.Unused = 5*time.Minute, 15
	var now atomic.Int64
	now.Store(step.Add(4 * time.Minute).Unix())
	_, stop := lead(t, db, cfg, func() time.Time { return time.Unix(now.Load(), 0).UTC() })
	defer stop()
	seen(t, db, step.Add(45*time.Second))
	require.Equal(t, "open", regressions(t, db)[0].State)

	now.Store(step.Add(9 * time.Minute).Unix())
	eventually(t, "resolved", func() bool { return regressions(t, db)[0].State == "resolved" })
	require.WithinDuration(t, step.Add(time.Minute+75*time.Second), *regressions(t, db)[0].Resolved, 30*time.Second)
}

func TestAClockThatRunsAheadClosesNothing(t *testing.T) {
	db := openStore(t, "ahead")
	now := time.Now().UTC().Truncate(5 * time.Second)
	feed(t, db, now.Add(time.Hour), now.Add(time.Hour+5*time.Second), call{"", "wrong", 90})
	feed(t, db, now.Add(-30*time.Second), now, call{"", "right", 90})
	_, stop := lead(t, db, live())
	defer stop()
	seen(t, db, now.Add(-15*time.Second))
	require.Zero(t, number(t, db, "SELECT count() AS n FROM observations WHERE call_id = 'wrong'"))
	require.LessOrEqual(t, number(t, db, "SELECT toUInt64(toUnixTimestamp(max(window_start))) AS n FROM observations"), uint64(time.Now().Unix()))
}

// Windows without anybody in a call, just after a hand-over, must not make the next leader forget what it has read back.
func TestAHandOverInAPauseForgetsNothing(t *testing.T) {
	db := openStore(t, "pause")
	cfg := live()
	cfg.Detector.Before = 12 // three and a half minutes are looked back, with the recent windows
	start := begin()
	pause := start.Add(4 * time.Minute)
	feed(t, db, start, pause, call{"", "lab", 90})
	_, stop := lead(t, db, cfg)
	seen(t, db, pause.Add(-15*time.Second))
	stop()

	again := pause.Add(30 * time.Second)
	feed(t, db, pause, again, call{"other", "calm", 90}) // somebody else goes on
	_, stop = lead(t, db, cfg)
	seen(t, db, again.Add(-15*time.Second))
	feed(t, db, again, again.Add(time.Minute), call{"", "lab", 150})
	eventually(t, "open", func() bool { return len(regressions(t, db)) > 0 })
	require.Equal(t, "fra-iad", regressions(t, db)[0].From+"-"+regressions(t, db)[0].To)
	stop()
}
