package queue

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	refused prometheus.Counter
	slice   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, q *Queue) *metrics {
	m := &metrics{
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_collector_queue_refused_total",
			Help: "Jobs refused because the queue was full.",
		}),
		slice: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "earshot_collector_queue_slice_messages",
			Help:    "Messages given to Kafka at once by one worker.",
			Buckets: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000},
		}),
	}
	if r != nil {
		r.MustRegister(m.refused, m.slice,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "earshot_collector_queue_bytes",
				Help: "Bytes that wait for Kafka or are under way.",
			}, func() float64 { return float64(q.Bytes()) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "earshot_collector_queue_limit_bytes",
				Help: "Bytes that the queue holds at most.",
			}, func() float64 { return float64(q.cfg.Bytes) }))
	}
	return m
}
