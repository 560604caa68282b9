package lab

import "github.com/prometheus/client_golang/prometheus"

// Metrics shows a lab's totals to an operator. What they are read from counts by itself.
type Metrics struct {
	registerer prometheus.Registerer
	collectors []prometheus.Collector
}

// NewMetrics registers them. A nil registerer makes a Metrics that shows nothing.
func NewMetrics(totals func() Totals, r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{registerer: r}
	if r == nil {
		return m, nil
	}
	counter := func(name, help string, of func(Totals) float64) {
		m.collectors = append(m.collectors, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return of(totals()) }))
	}
	counter("earshot_lab_samples_sent_total", "Samples that the lab's probes took.", func(t Totals) float64 { return float64(t.Sent) })
	counter("earshot_lab_samples_acked_total", "Samples that the collector acknowledged.", func(t Totals) float64 { return float64(t.Acked) })
	counter("earshot_lab_problems_total", "Connections and probes that could not be set up.", func(t Totals) float64 { return float64(t.Problems) })
	counter("earshot_lab_packets_released_total", "Packets that the delay line sent on.", func(t Totals) float64 { return float64(t.Line.Released) })
	counter("earshot_lab_packets_lost_total", "Packets that the topology's loss took.", func(t Totals) float64 { return float64(t.Line.Lost) })
	m.collectors = append(m.collectors, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "earshot_lab_release_late_p99_seconds", Help: "How late one packet in a hundred leaves the delay line.",
	}, func() float64 { return totals().Line.P99.Seconds() }))
	for i, c := range m.collectors {
		if err := r.Register(c); err != nil {
			m.collectors = m.collectors[:i]
			m.Unregister()
			return nil, err
		}
	}
	return m, nil
}

// Unregister takes them away.
func (m *Metrics) Unregister() {
	for _, c := range m.collectors {
		m.registerer.Unregister(c)
	}
}
