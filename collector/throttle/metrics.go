package throttle

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	throttled *prometheus.CounterVec
	refused   *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, t *Throttle) *metrics {
	m := &metrics{
		throttled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_throttled_total",
			Help: "Requests and WebSocket frames told to wait, by whose limit (requests, source, address, tenant).",
		}, []string{"by"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_connections_refused_total",
			Help: "Connections and WebSockets not taken, by which bound was reached (total, address).",
		}, []string{"by"}),
	}
	for _, by := range []string{ByRequests, BySource, ByAddress, ByTenant} {
		m.throttled.WithLabelValues(by)
	}
	for _, by := range []string{fullTotal, fullAddress} {
		m.refused.WithLabelValues(by)
	}
	if r != nil {
		r.MustRegister(m.throttled, m.refused,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "earshot_collector_connections",
				Help: "Open connections.",
			}, func() float64 { return float64(t.conns.len()) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "earshot_collector_throttle_buckets",
				Help: "Tenants, sources and addresses that are told apart now.",
			}, func() float64 {
				return float64(t.requests.len() + t.tenants.len() + t.sources.len() + t.networks.len())
			}))
	}
	return m
}
