package refused

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	letters  *prometheus.CounterVec
	failures prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		letters: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_refused_letters_total", Help: "Letters of collectors that were brought into the store, by reason of the refusal.",
		}, []string{"reason"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_refused_failures_total", Help: "Letters could not be stored or committed; they are read again.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.letters, m.failures} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
