package token

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	checks *prometheus.CounterVec
	cached prometheus.Counter
	loads  *prometheus.CounterVec
	keys   prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "token_checks_total",
			Help: "Tokens checked, by result: ok, or the reason why not.",
		}, []string{"result"}),
		cached: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "token_checks_cached_total",
			Help: "Tokens that were remembered from before, so that no signature had to be checked.",
		}),
		loads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "token_key_loads_total",
			Help: "Loads of keys, by source (secrets, jwks_file, jwks_url) and outcome (ok, failed).",
		}, []string{"source", "outcome"}),
		keys: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "token_keys",
			Help: "Keys that tokens are checked with.",
		}),
	}
	m.checks.WithLabelValues("ok")
	for _, reason := range Reasons() {
		m.checks.WithLabelValues(string(reason))
	}
	if r != nil {
		r.MustRegister(m.checks, m.cached, m.loads, m.keys)
	}
	return m
}

func (m *metrics) loaded(source string, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.loads.WithLabelValues(source, outcome).Inc()
}
