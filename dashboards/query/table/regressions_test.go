package table_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
)

func TestRegressionsNameWhatGotSlower(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	over := at.Add(20 * time.Minute)
	one := query.Regression{
		State: "open", Severity: "warning", Before: 90, After: 150, Shift: 60, ShiftRatio: 2. / 3, StartedAt: at, DetectedAt: at.Add(3 * time.Minute),
		CallsNow: 12, Pairs: make([]query.RegressionPair, 2), ID: "a1",
	}
	of := func(change func(*query.Regression)) query.Regression {
		r := one
		change(&r)
		return r
	}
	var b strings.Builder
	require.NoError(t, table.Regressions(&b, []query.Regression{
		of(func(r *query.Regression) { r.Cause, r.Link = "sfu_link", "fra-iad" }),
		of(func(r *query.Regression) { r.Cause, r.SFU = "access_sfu", "nrt\x07" }),
		of(func(r *query.Regression) { r.Cause, r.ASN = "access_network", 3320 }),
		of(func(r *query.Regression) { r.Cause, r.Version = "version", "2.0" }),
		of(func(r *query.Regression) {
			r.Cause, r.Pairs = "region_pair", []query.RegressionPair{{Publisher: "DE", Subscriber: "US"}}
			r.State, r.ResolvedAt, r.Reason = "resolved", &over, "gone"
		}),
	}))
	require.Equal(t, ""+
		"STATE     SEVERITY  CAUSE           WHERE    SHIFT           BEFORE / AFTER  SINCE                 DETECTED  RESOLVED       CALLS  PAIRS  ID\n"+
		"open      warning   sfu_link        fra-iad  +60 ms (+67 %)  90 / 150        2026-03-01 12:00:00Z  12:03:00  -              12     2      a1\n"+
		"open      warning   access_sfu      \"nrt\\a\"  +60 ms (+67 %)  90 / 150        2026-03-01 12:00:00Z  12:03:00  -              12     2      a1\n"+
		"open      warning   access_network  AS3320   +60 ms (+67 %)  90 / 150        2026-03-01 12:00:00Z  12:03:00  -              12     2      a1\n"+
		"open      warning   version         2.0      +60 ms (+67 %)  90 / 150        2026-03-01 12:00:00Z  12:03:00  -              12     2      a1\n"+
		"resolved  warning   region_pair     DE > US  +60 ms (+67 %)  90 / 150        2026-03-01 12:00:00Z  12:03:00  12:20:00 gone  12     1      a1\n",
		b.String())
	b.Reset()
	require.NoError(t, table.Regressions(&b, nil))
	require.Equal(t, "no regression in this range\n", b.String())
}
