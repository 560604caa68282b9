package corpus

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/regression"
)

var (
	update  = flag.Bool("update", false, "replay all days and write the score into docs/alerting.md")
	many    = flag.Int("days", 14, "how many days -update replays")
	verbose = flag.Bool("cases", false, "tell what became of each case")
)

// The detector was made with days of the seeds up to 99 in view, and a few from 1000 on; these hold it to what it can. It is scored on
// others.
const (
	tuned  = 10
	held   = 1000
	scored = 2000
)

// days is so many days, one after the other in the week, with each past.
func days(seed uint64, n int) []Day {
	var out []Day
	for i := range n {
		out = append(out, Day{
			Seed: seed + uint64(i), Start: time.Date(2026, 3, 2+i%7, 0, 0, 0, 0, time.UTC), Past: Past(i % 3), Peak: 80,
		})
	}
	return out
}

func replay(t *testing.T, all []Day) *Score {
	t.Helper()
	results := make([]*Result, len(all))
	t.Run("days", func(t *testing.T) {
		for i, d := range all {
			t.Run(fmt.Sprint(d.Seed), func(t *testing.T) {
				t.Parallel()
				r, err := Replay(d, regression.Config{})
				require.NoError(t, err)
				results[i] = r
				tell(t, r)
			})
		}
	})
	return Sum(results)
}

// tell logs what went wrong, or everything.
func tell(t *testing.T, r *Result) {
	for i := range r.Cases {
		o := &r.Cases[i]
		what := "not found"
		if f := o.Found; f != nil {
			what = fmt.Sprintf("after %s, resolved after %s: %s", f.DetectedAt.Sub(o.Due), f.ResolvedAt.Sub(o.To), f.Summary())
		}
		if *verbose || o.Counts() && o.Found == nil {
			t.Logf("%s from %s to %s: +%.0f ms, %s %s %s, due %v: %s", o.Kind, o.From.Format(time.DateTime), o.To.Format(time.TimeOnly), o.ByMs,
				places[o.Where].sfu, places[o.And].sfu, places[o.Via].sfu, o.Counts(), what)
		}
	}
	for _, m := range r.Mistaken {
		t.Logf("mistaken at %s (q %.2g, %d windows): %s", m.DetectedAt.Format(time.DateTime), m.Q, m.Windows, m.Summary())
	}
}

func TestDaysOfTrafficAreToldRight(t *testing.T) {
	some := days(held, 3)
	if *update {
		some = days(scored, *many)
	} else {
		for i := range some {
			some[i].Start, some[i].Hours = some[i].Start.Add(10*time.Hour), 10
		}
	}
	s := replay(t, some)
	t.Logf("precision %.3f, recall %.3f, %d mistakes\n%s", s.Precision(), s.Recall(), len(s.Mistakes), s.Markdown())
	if *update {
		write(t, s, replay(t, days(tuned, *many)), replay(t, plain(days(scored+500, *many/2))))
	}
	require.GreaterOrEqual(t, s.Due, 2*len(some), "there is something to be found")
	require.GreaterOrEqual(t, s.Precision(), 0.95)
	require.GreaterOrEqual(t, s.Recall(), 0.95)
	require.LessOrEqual(t, At(s.Detect(), 0.95), 5*time.Minute)
	require.LessOrEqual(t, At(s.Start(), 0.95), 2*time.Minute)
	for _, l := range s.Lines {
		require.Zero(t, l.Unending, "%s: found, and never resolved", l.Kind)
	}
}

func plain(all []Day) []Day {
	for i := range all {
		all[i].Plain = true
	}
	return all
}

func TestNothingIsSaidOfADayOnWhichNothingHappened(t *testing.T) {
	quiet := plain(days(held+600, 1))
	quiet[0].Start, quiet[0].Hours = quiet[0].Start.Add(14*time.Hour), 10 // with the evening of all of Europe and of the east of America
	require.Empty(t, replay(t, quiet).Mistakes)
}

const (
	begin = "<!-- What follows is written by `go test ./processor/regression/corpus -update`. DO NOT EDIT. -->\n"
	end   = "<!-- Up to here. -->\n"
	page  = "../../../docs/alerting.md"
)

// write puts the scores between their marks on the page, or at its end.
func write(t *testing.T, s, own, quietDays *Score) {
	old, err := os.ReadFile(page)
	if err != nil {
		require.ErrorIs(t, err, os.ErrNotExist)
		old = []byte("# Alerting\n")
	}
	head, tail := string(old), ""
	if i := strings.Index(head, begin); i >= 0 {
		rest := head[i+len(begin):]
		head = head[:i]
		_, after, found := strings.Cut(rest, end)
		require.True(t, found, "the end mark is missing in %s", page)
		tail = after
	} else {
		head += "\n## How well it tells\n\n"
	}
	require.NoError(t, os.WriteFile(page, []byte(head+begin+section(s, own, quietDays)+end+tail), 0o644))
}

func section(s, own, quietDays *Score) string {
	var b strings.Builder
	line := func(s *Score) string {
		return fmt.Sprintf("precision %.3f (%d right, %d mistaken), recall %.3f (%d of %d)", s.Precision(), s.Found, len(s.Mistakes), s.Recall(), s.Found, s.Due)
	}
	fmt.Fprintf(&b, "\n%d made-up days of traffic, %d million observations, replayed window by window: **%s**. ", s.Days, s.Observations/1_000_000, line(s))
	fmt.Fprintf(&b, "On %d days with which the detector was made: %s. On %d days on which nothing was done to the traffic: %d mistaken.\n\n",
		own.Days, line(own), quietDays.Days, len(quietDays.Mistakes))
	b.WriteString(s.Markdown())
	b.WriteString(`
Had to be found: shifts of at least 30 ms and 20 %, with the right cause and segment, where a link has a call in each of three windows and in half of the
thirty before, and anything else eight calls in three windows. What is smaller or thinner may be reported; it counts on neither side. A second report of the same
case is a mistake. For a ramp, minutes count from when it has reached 30 ms and 20 %; for a roll-out, from when about a seventh of the clients have the version; 0 is before that.
`)
	return b.String()
}
