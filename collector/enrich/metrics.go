package enrich

import (
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	lookups *prometheus.CounterVec
	reloads *prometheus.CounterVec
	builtAt *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		lookups: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_enrich_lookups_total",
			Help: "Addresses looked up in the files, by outcome (found, unknown, error). One that is remembered is not looked up again.",
		}, []string{"outcome"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_enrich_reloads_total",
			Help: "Files that were replaced, by outcome (ok, error: the old one stays in use).",
		}, []string{"outcome"}),
		builtAt: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "earshot_collector_enrich_file_built_timestamp_seconds",
			Help: "When the file in use was made, as it says itself.",
		}, []string{"file"}),
	}
	if r != nil {
		r.MustRegister(m.lookups, m.reloads, m.builtAt)
	}
	return m
}

func (m *metrics) built(f *file) {
	m.builtAt.WithLabelValues(filepath.Base(f.path)).Set(float64(f.reader.Metadata.BuildEpoch))
}
