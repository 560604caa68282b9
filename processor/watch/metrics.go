package watch

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/processor/regression"
)

type metrics struct {
	leading      prometheus.Gauge
	lag          prometheus.Gauge
	windows      *prometheus.CounterVec
	observations prometheus.Counter
	errors       *prometheus.CounterVec
	read         *prometheus.HistogramVec
	evaluate     prometheus.Histogram
	open         *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	const prefix = "earshot_regression_"
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: prefix + name, Help: help})
	}
	m := &metrics{
		leading: gauge("leading", "1 in the process that searches for regressions: the one that has partition 0 of the samples topic."),
		lag:     gauge("lag_seconds", "How far, in event time, the search is behind the newest results."),
		windows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "windows_total", Help: "Windows, by what became of them: evaluated, or skipped after a standstill that was too long.",
		}, []string{"outcome"}),
		observations: prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + "observations_total", Help: "Observations made."}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "errors_total", Help: "What went wrong and is tried again, by what was tried: read, write, evaluate.",
		}, []string{"what"}),
		read: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "read_seconds", Help: "Time of a query, by which.", Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 10),
		}, []string{"query"}),
		evaluate: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: prefix + "evaluate_seconds", Help: "Time to test one window, over all tenants.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 10),
		}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + "open", Help: "Open regressions, by cause."}, []string{"cause"}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.leading, m.lag, m.windows, m.observations, m.errors, m.read, m.evaluate, m.open} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// causes are all that Evaluate tells.
var causes = []regression.Cause{
	regression.SFULink, regression.AccessNetwork, regression.AccessSFU, regression.AppVersion, regression.OtherPaths, regression.RegionPair,
}

// rest is for a process that does not search.
func (m *metrics) rest() {
	m.leading.Set(0)
	m.lag.Set(0)
	m.open.Reset()
}
