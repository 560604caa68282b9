package corpus

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/regression"
)

func TestTry(t *testing.T) {
	from, _ := strconv.Atoi(os.Getenv("FROM"))
	n, _ := strconv.Atoi(os.Getenv("N"))
	for seed := from; seed < from+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			r, err := Replay(Day{Seed: uint64(seed), Start: time.Date(2026, 3, 2+seed%7, 0, 0, 0, 0, time.UTC), Peak: 80, Past: Past(seed % 3), Plain: os.Getenv("PLAIN") != ""}, regression.Config{})
			require.NoError(t, err)
			t.Log(time.Since(began), r.Windows, r.Observations)
			for _, c := range r.Cases {
				s := "-"
				if c.Found != nil {
					s = c.Found.DetectedAt.Sub(c.Due).String() + " start " + c.Found.StartedAt.Sub(c.From).String() + " resolved " + c.Found.ResolvedAt.Sub(c.To).String() + " " + c.Found.Summary()
				}
				if c.Counts() && c.Found == nil {
					s = "MISSED"
				}
				t.Log(c.Kind, c.From.Format("15:04"), c.To.Sub(c.From), c.ByMs, c.Share, c.Counts(), c.Repeats, places[c.Where].sfu, places[c.And].sfu, places[c.Via].sfu, s)
			}
			for _, m := range r.Mistaken {
				t.Log("WRONG", m.DetectedAt.Format("15:04"), m.Cause, m.Segment(), m.Summary(), m.Q, m.CallsBefore, m.CallsAfter, m.Windows, len(m.Pairs))
			}
		})
	}
}
