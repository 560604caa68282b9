package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/watch"
)

// live is the configuration of the laboratory, in a hurry.
func live() watch.Config {
	c := watch.LiveConfig()
	c.CatchUp, c.Poll = time.Hour, 30*time.Millisecond
	return c
}

// lead runs a Watch until the test says otherwise.
func lead(t *testing.T, db watch.DB, cfg watch.Config, clock ...func() time.Time) (reg *prometheus.Registry, stop func()) {
	t.Helper()
	reg = prometheus.NewPedanticRegistry()
	w, err := watch.New(cfg, watch.Dependencies{DB: db, Registerer: reg, Now: append(clock, time.Now)[0], Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	require.NoError(t, err)
	require.NoError(t, w.Start(t.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Lead(ctx)
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-done
		require.NoError(t, w.Shutdown(context.Background()))
	}
	t.Cleanup(stop)
	return reg, stop
}

type found struct {
	ID       string     `ch:"id"`
	Tenant   string     `ch:"tenant"`
	State    string     `ch:"state"`
	Cause    string     `ch:"cause"`
	From     string     `ch:"from_sfu"`
	To       string     `ch:"to_sfu"`
	Shift    float64    `ch:"shift_ms"`
	Started  time.Time  `ch:"started_at"`
	Detected time.Time  `ch:"detected_at"`
	Resolved *time.Time `ch:"resolved_at"`
	Summary  string     `ch:"summary"`
}

func regressions(t *testing.T, db *clickhouse.DB) []found {
	t.Helper()
	rows, err := clickhouse.Select[found](t.Context(), db, `SELECT id, tenant, state, cause, from_sfu, to_sfu, shift_ms, started_at, detected_at, resolved_at, summary
FROM regressions ORDER BY evaluated_at DESC, id LIMIT 1 BY tenant, id`, nil)
	require.NoError(t, err)
	return rows
}

func number(t *testing.T, db *clickhouse.DB, sql string) uint64 {
	t.Helper()
	rows, err := clickhouse.Select[struct {
		N uint64 `ch:"n"`
	}](t.Context(), db, sql, nil)
	require.NoError(t, err)
	return rows[0].N
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(2 * time.Minute); !so(); time.Sleep(100 * time.Millisecond) {
		require.True(t, time.Now().Before(limit), what)
	}
}

// seen waits until windows up to a time have been observed.
func seen(t *testing.T, db *clickhouse.DB, last time.Time) {
	t.Helper()
	eventually(t, "observed up to "+last.String(), func() bool {
		return number(t, db, "SELECT toUInt64(toUnixTimestamp(max(window_start))) AS n FROM observations") >= uint64(last.Unix())
	})
}

// begin is some twenty minutes ago, always at the same place of the noise that calls have, which repeats after eleven windows.
func begin() time.Time {
	const pattern = 11 * 5
	return time.Unix(time.Now().Add(-20*time.Minute).Unix()/pattern*pattern, 0).UTC()
}

func TestAStepOfALinkOpensARegressionAnAlertAndResolves(t *testing.T) {
	db := openStore(t, "step")
	var told atomic.Pointer[map[string]any]
	manager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var alerts []map[string]any
		if json.NewDecoder(r.Body).Decode(&alerts) == nil && len(alerts) == 1 {
			told.Store(&alerts[0])
		}
	}))
	defer manager.Close()
	cfg := live()
	cfg.Webhook.URLs, cfg.DashboardURL = []string{manager.URL}, "https://grafana.example.com/d/earshot-regressions"

	start := begin()
	step := start.Add(time.Minute)
	feed(t, db, start, step, call{"", "lab", 90}, call{"other", "calm", 90})
	_, stop := lead(t, db, cfg)
	defer stop()
	seen(t, db, step.Add(-15*time.Second))
	require.Empty(t, regressions(t, db))

	feed(t, db, step, step.Add(time.Minute), call{"", "lab", 150}, call{"other", "calm", 90})
	eventually(t, "open", func() bool { return len(regressions(t, db)) > 0 })
	seen(t, db, step.Add(45*time.Second))
	all := regressions(t, db)
	require.Len(t, all, 1, "one for the cause, and none of the tenant whose calls are calm")
	r := all[0]
	require.Equal(t, "open", r.State)
	require.Equal(t, "sfu_link", r.Cause)
	require.Equal(t, "fra-iad", r.From+"-"+r.To)
	require.Empty(t, r.Tenant)
	require.InDelta(t, 60, r.Shift, 3)
	require.WithinDuration(t, step, r.Started, 5*time.Second)
	require.LessOrEqual(t, r.Detected.Sub(step), time.Minute)
	require.True(t, strings.HasPrefix(r.Summary, "The link fra-iad got slower by "), r.Summary)
	eventually(t, "told", func() bool { return told.Load() != nil })
	labels, _ := (*told.Load())["labels"].(map[string]any)
	require.Equal(t, map[string]any{"alertname": "EarshotLatencyRegression", "cause": "sfu_link", "link": "fra-iad", "severity": labels["severity"]}, labels)
	require.Equal(t, "https://grafana.example.com/d/earshot-regressions", (*told.Load())["generatorURL"])

	feed(t, db, step.Add(time.Minute), step.Add(3*time.Minute), call{"", "lab", 90}, call{"other", "calm", 90})
	eventually(t, "resolved", func() bool { return regressions(t, db)[0].State == "resolved" })
	over := regressions(t, db)
	require.Len(t, over, 1)
	require.Equal(t, r.ID, over[0].ID)
	eventually(t, "told of the end", func() bool {
		ends, err := time.Parse(time.RFC3339Nano, (*told.Load())["endsAt"].(string))
		return err == nil && ends.Equal(*over[0].Resolved)
	})
}

func TestACallIsObservedOnceForAlikeEndsAndPath(t *testing.T) {
	db := openStore(t, "content")
	start := begin()
	c := call{"", "c", 0}
	var f rows
	f.row(start, c, "ana", "bo", "complete", []string{"fra", "iad"}, []string{"eu", "us"}, 100, []float32{20, 60, 20})
	f.row(start, c, "ana", "cy", "imputed", []string{"fra", "iad"}, []string{"eu", "us"}, 120, []float32{20, 70, 30})
	f.row(start, c, "ana", "dee", "complete", []string{"fra", "iad"}, []string{"eu", "us"}, 200, []float32{20, 80, 100})
	f.row(start, c, "ana", "eli", "partial", []string{"fra", "iad"}, []string{"eu", "us"}, 1, []float32{1, 1, 1})
	f.row(start, c, "", "bo", "complete", []string{"iad"}, []string{"us"}, 30, []float32{10, 20})
	f.row(start, c, "bo", "ana", "complete", []string{"iad", "fra"}, []string{"us", "eu"}, 101, []float32{20, 61, 20})
	f.row(start.Add(time.Minute), c, "bo", "ana", "complete", nil, nil, 7, []float32{7})
	f.country[1] = "CA"
	f.ssrc = []uint32{1, 2, 3, 4, 5, 6, 7}
	require.NoError(t, db.Insert(t.Context(), "e2e", "", f.columns()))
	feed(t, db, start.Add(2*time.Minute), start.Add(3*time.Minute), call{"", "later", 90})
	_, stop := lead(t, db, live())
	defer stop()
	seen(t, db, start.Add(2*time.Minute))

	type observation struct {
		From   string    `ch:"publisher_region"`
		To     string    `ch:"subscriber_region"`
		Path   []string  `ch:"sfu_path"`
		RTT    float32   `ch:"rtt_ms"`
		Hops   []float32 `ch:"hop_rtt_ms"`
		Tracks uint16    `ch:"tracks"`
	}
	got, err := clickhouse.Select[observation](t.Context(), db, `SELECT publisher_region, subscriber_region, sfu_path, rtt_ms, hop_rtt_ms, tracks
FROM observations WHERE call_id = 'c' ORDER BY window_start, publisher_region, subscriber_region`, nil)
	require.NoError(t, err)
	require.Equal(t, []observation{
		{"eu", "CA", []string{"fra", "iad"}, 120, []float32{20, 70, 30}, 1}, // where somebody is counts, and the SFU where that is not known
		{"eu", "us", []string{"fra", "iad"}, 200, []float32{20, 80, 100}, 2},
		{"us", "eu", []string{"iad", "fra"}, 101, []float32{20, 61, 20}, 1},
		{"", "", []string{}, 7, []float32{7}, 1},
	}, got)
}

// flaky fails, or panics, now and then.
type flaky struct {
	*clickhouse.DB
	asked, wrote atomic.Int64
}

func (f *flaky) Query(ctx context.Context, sql string, params clickhouse.Params, settings ...clickhouse.Settings) (clickhouse.Rows, error) {
	switch n := f.asked.Add(1); {
	case n == 3:
		panic("a fault")
	case n%7 == 1:
		return nil, errors.New("away")
	}
	return f.DB.Query(ctx, sql, params, settings...)
}

func (f *flaky) Insert(ctx context.Context, table, token string, columns []clickhouse.Column) error {
	switch f.wrote.Add(1) % 4 {
	case 1:
		return errors.New("away")
	case 2: // it got there, and the answer did not
		return errors.Join(f.DB.Insert(ctx, table, token, columns), errors.New("cut off"))
	}
	return f.DB.Insert(ctx, table, token, columns)
}

func TestFaultsOfTheStoreDelayButChangeNothing(t *testing.T) {
	db := openStore(t, "flaky")
	start := begin()
	step := start.Add(time.Minute)
	feed(t, db, start, step, call{"", "lab", 90})
	feed(t, db, step, step.Add(time.Minute), call{"", "lab", 150})
	reg, stop := lead(t, &flaky{DB: db}, live())
	seen(t, db, step.Add(45*time.Second))
	stop()
	require.Len(t, regressions(t, db), 1)
	require.EqualValues(t, 6*22, number(t, db, "SELECT count() AS n FROM observations"), "no window twice, none left out")
	require.Positive(t, metric(t, reg, "earshot_regression_errors_total", "read"))
	require.Positive(t, metric(t, reg, "earshot_regression_errors_total", "write"))
	require.EqualValues(t, 1, metric(t, reg, "earshot_regression_errors_total", "evaluate"), "a panic is not the end")
	require.Zero(t, metric(t, reg, "earshot_regression_leading", ""), "it leads no more")
}

func TestWhatIsSwitchedOffDoesNothing(t *testing.T) {
	cfg := live()
	cfg.Enabled = false
	cfg.Detector.Persistence = -1
	w, err := watch.New(cfg, watch.Dependencies{})
	require.NoError(t, err, "nor is its configuration looked at")
	w.Lead(t.Context())
}

func TestWrongConfigurationNamesItsKey(t *testing.T) {
	for says, change := range map[string]func(*watch.Config){
		"processor.regression.delay is 2h0m0s; give a duration from 0s to 1h0m0s": func(c *watch.Config) { c.Delay = 2 * time.Hour },
		"processor.regression.catch_up is 1s":                                     func(c *watch.Config) { c.CatchUp = time.Second },
		"processor.regression.runbook_url \"docs\" is no URL":                     func(c *watch.Config) { c.RunbookURL = "docs" },
		"processor.regression.webhook.urls[0]":                                    func(c *watch.Config) { c.Webhook.URLs = []string{"x"} },
		"regression.persistence is 100":                                           func(c *watch.Config) { c.Detector.Persistence = 100 },
	} {
		cfg := watch.DefaultConfig()
		require.NoError(t, cfg.Validate())
		change(&cfg)
		require.ErrorContains(t, cfg.Check(), says)
	}
}

func metric(t *testing.T, reg *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
