package alert

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	sent   *prometheus.CounterVec
	firing prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_alerts_sent_total",
			Help: "Alerts sent to an Alertmanager, repeats included, by outcome: ok, failed (it is tried again soon), refused (its answer will not change).",
		}, []string{"alertmanager", "outcome"}),
		firing: prometheus.NewGauge(prometheus.GaugeOpts{Name: "earshot_alerts_firing", Help: "Alerts that fire by this process."}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.sent, m.firing} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
