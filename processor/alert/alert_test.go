package alert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/processor/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// posted is an alert as it arrives.
type posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// fake is an Alertmanager that answers as it is told and remembers what came.
type fake struct {
	mu      sync.Mutex
	answers []int // the next ones; 200 after them, 0 = no answer
	bodies  [][]posted
	times   []time.Time
	headers []http.Header
	urls    []string
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []posted
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bodies, f.times = append(f.bodies, body), append(f.times, time.Now())
	f.headers, f.urls = append(f.headers, r.Header.Clone()), append(f.urls, r.URL.String())
	status := http.StatusOK
	if len(f.answers) > 0 {
		status, f.answers = f.answers[0], f.answers[1:]
	}
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(bytes.NewReader([]byte("because"))), Request: r}, nil
}

func (f *fake) last() []posted {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bodies[len(f.bodies)-1]
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.bodies)
}

func slow(link string, since time.Time) alert.Alert {
	return alert.Alert{
		Labels:      map[string]string{"alertname": "EarshotLatencyRegression", "link": link, "version": ""},
		Annotations: map[string]string{"summary": "slower"}, StartsAt: since,
	}
}

// start runs a Sender against a fake within a bubble of synctest.
func start(t *testing.T, f *fake, change func(*alert.Config)) (*alert.Sender, *prometheus.Registry) {
	t.Helper()
	cfg := alert.DefaultConfig()
	cfg.URLs = []string{"http://am:9093/prefix/"}
	if change != nil {
		change(&cfg)
	}
	reg := prometheus.NewPedanticRegistry()
	s, err := alert.New(cfg, alert.Dependencies{Registerer: reg, Transport: f})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return s, reg
}

func TestAnAlertIsSentAtOnceAndAgainWhileItFires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s, _ := start(t, f, func(c *alert.Config) { c.Labels = map[string]string{"cluster": "eu", "alertname": "not this"} })
		since := time.Now().Add(-5 * time.Minute)
		s.Set([]alert.Alert{slow("fra-iad", since)})
		synctest.Wait()
		require.Equal(t, 1, f.count())
		require.Equal(t, "http://am:9093/prefix/api/v2/alerts", f.urls[0])
		got := f.last()[0]
		require.Equal(t, map[string]string{"alertname": "EarshotLatencyRegression", "link": "fra-iad", "cluster": "eu"}, got.Labels, "an empty label is none")
		require.True(t, since.Equal(got.StartsAt))
		require.WithinDuration(t, time.Now().Add(16*time.Minute), got.EndsAt, 0, "it ends by itself where nobody repeats it")

		s.Set([]alert.Alert{slow("fra-iad", since)})
		time.Sleep(4*time.Minute - time.Second)
		synctest.Wait()
		require.Equal(t, 1, f.count(), "nothing new, so nothing is sent before its time")
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		require.Equal(t, 4, f.count())
	})
}

func TestTheEndIsSentAndRepeatedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s, reg := start(t, f, nil)
		began := time.Now()
		firing, other := slow("fra-iad", began), slow("iad-nrt", began)
		s.Set([]alert.Alert{firing, other})
		synctest.Wait()
		require.Len(t, f.last(), 2)
		time.Sleep(time.Minute)
		ended := firing
		ended.EndsAt = time.Now().Add(-10 * time.Second)
		s.Set([]alert.Alert{ended}) // and nothing any more of the other
		synctest.Wait()
		require.Equal(t, 2, f.count(), "an end does not wait either")
		require.True(t, ended.EndsAt.Equal(f.last()[0].EndsAt))
		require.True(t, time.Now().Equal(f.last()[1].EndsAt), "what is not said any more is over now")
		require.NoError(t, testutil.GatherAndCompare(reg, bytes.NewBufferString(`# HELP earshot_alerts_firing Alerts that fire by this process.
# TYPE earshot_alerts_firing gauge
earshot_alerts_firing 0
`), "earshot_alerts_firing"))
		time.Sleep(15*time.Minute + 30*time.Second)
		s.Set(nil)
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		require.Equal(t, 2+3, f.count(), "repeated every four minutes, then forgotten")
	})
}

func TestAFailureIsRepeatedSoonWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []int{0, 503, 429, 500}}
		s, reg := start(t, f, nil)
		s.Set([]alert.Alert{slow("fra-iad", time.Now())})
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Equal(t, 5, f.count())
		for i, most := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
			pause := f.times[i+1].Sub(f.times[i])
			require.LessOrEqual(t, pause, most)
			require.GreaterOrEqual(t, pause, most/2)
		}
		require.EqualValues(t, 4, value(t, reg, "failed"))
		require.EqualValues(t, 1, value(t, reg, "ok"))
	})
}

func TestARefusalIsNotRepeatedBeforeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []int{400, 302}}
		s, reg := start(t, f, nil)
		s.Set([]alert.Alert{slow("fra-iad", time.Now())})
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		require.Equal(t, 1, f.count())
		require.EqualValues(t, 1, value(t, reg, "refused"))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Equal(t, 2, f.count())
		require.EqualValues(t, 2, value(t, reg, "refused"), "a redirect is not followed with a token")
	})
}

func TestForgottenAlertsAreSomebodyElsesToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s, _ := start(t, f, nil)
		s.Set([]alert.Alert{slow("fra-iad", time.Now())})
		synctest.Wait()
		s.Forget()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, f.count())
	})
}

func TestWithoutAServerNothingHappens(t *testing.T) {
	s, err := alert.New(alert.DefaultConfig(), alert.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Shutdown(t.Context()), "before a start")
	require.NoError(t, s.Start(t.Context()))
	s.Set([]alert.Alert{slow("fra-iad", time.Now())})
	require.NoError(t, s.Shutdown(t.Context()))
	require.NoError(t, s.Shutdown(t.Context()))
}

// What goes over the wire is what Alertmanager's own document asks for, and what its code asks for besides.
func TestAlertmanagersDocumentAcceptsTheBody(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/alertmanager.yaml")
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	label := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	type result struct {
		err    error
		alerts []posted
		auth   string
	}
	results := make(chan result, 10)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		res := result{auth: r.Header.Get("Authorization")}
		r.Body = io.NopCloser(bytes.NewReader(body))
		route, params, err := router.FindRoute(r)
		if err == nil {
			err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route})
		}
		if err == nil {
			err = json.Unmarshal(body, &res.alerts)
		}
		for _, a := range res.alerts {
			if len(a.Labels) == 0 || a.Labels["alertname"] == "" || !a.StartsAt.Before(a.EndsAt) {
				err = errors.Join(err, errors.New("at least one label pair required, and a start before the end"))
			}
			for k, v := range a.Labels {
				if !label.MatchString(k) || v == "" {
					err = errors.Join(err, errors.New("label "+k))
				}
			}
		}
		res.err = err
		results <- res
	}))
	defer server.Close()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	cfg := alert.DefaultConfig()
	cfg.URLs = []string{server.URL}
	cfg.TokenFile = write("token", []byte("first\n"))
	cfg.CAFile = write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	require.NoError(t, cfg.Check())
	s, err := alert.New(cfg, alert.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	defer func() { require.NoError(t, s.Shutdown(context.Background())) }()

	one := slow("fra-iad", time.Now())
	one.GeneratorURL = "https://earshot.example.com/"
	s.Set([]alert.Alert{one})
	got := <-results
	require.NoError(t, got.err)
	require.Len(t, got.alerts, 1)
	require.Equal(t, "Bearer first", got.auth)

	write("token", []byte("second"))
	one.EndsAt = one.StartsAt // which no server would take
	s.Set([]alert.Alert{one})
	got = <-results
	require.NoError(t, got.err)
	require.Equal(t, "Bearer second", got.auth, "a token that has been renewed is used at once")
}

func TestWrongConfigurationNamesItsKey(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*alert.Config)
		says   string
	}{
		"no address":   {func(c *alert.Config) { c.URLs = []string{"alertmanager:9093"} }, "processor.regression.webhook.urls[0]"},
		"the endpoint": {func(c *alert.Config) { c.URLs = []string{"http://a/api/v2/alerts"} }, "leave out /api/v2/alerts"},
		"a password":   {func(c *alert.Config) { c.URLs = []string{"http://u:p@a"} }, "token_file"},
		"repeat":       {func(c *alert.Config) { c.Repeat = time.Millisecond }, "processor.regression.webhook.repeat is 1ms; give a duration from 1s to 1h0m0s"},
		"label":        {func(c *alert.Config) { c.Labels = map[string]string{"a-b": ""} }, `labels: "a-b"`},
		"header":       {func(c *alert.Config) { c.Headers = map[string]string{"a b": ""} }, `headers: "a b"`},
		"two secrets": {func(c *alert.Config) {
			c.TokenFile, c.Headers = "t", map[string]string{"authorization": "x"}
		}, "keep one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := alert.DefaultConfig()
			c.change(&cfg)
			require.ErrorContains(t, cfg.Validate(), c.says)
		})
	}
	for name, change := range map[string]func(*alert.Config){
		"token_file": func(c *alert.Config) { c.TokenFile = "none" },
		"ca_file":    func(c *alert.Config) { c.CAFile = "testdata/alertmanager.yaml" },
	} {
		cfg := alert.DefaultConfig()
		change(&cfg)
		require.ErrorContains(t, cfg.Check(), "processor.regression.webhook."+name)
	}
}

func value(t *testing.T, reg *prometheus.Registry, outcome string) float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "earshot_alerts_sent_total" && l.GetName() == "outcome" && l.GetValue() == outcome {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}
