package clickhouse

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	up prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{up: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "earshot_embedded_clickhouse_up", Help: "1 while the embedded ClickHouse runs, else 0.",
	})}
	if r == nil {
		return m, nil
	}
	return m, r.Register(m.up)
}
