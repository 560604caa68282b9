package kafka

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type producerMetrics struct {
	messages *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	seconds  prometheus.Histogram
}

func newProducerMetrics(r prometheus.Registerer) *producerMetrics {
	m := &producerMetrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_kafka_produced_messages_total",
			Help: "Messages given to Kafka, by topic and outcome (ok, error, too_large).",
		}, []string{"topic", "outcome"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_kafka_produced_bytes_total",
			Help: "Keys, values and headers acknowledged by Kafka, before compression.",
		}, []string{"topic"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "earshot_kafka_produce_seconds",
			Help:    "Time from handing over a slice of messages until all its replicas have acknowledged it.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}),
	}
	m.messages, m.bytes, m.seconds = register(r, m.messages), register(r, m.bytes), register(r, m.seconds)
	return m
}

// register gives back the collector that counts already where a second producer shares the registry.
func register[T prometheus.Collector](r prometheus.Registerer, c T) T {
	if r == nil {
		return c
	}
	var twice prometheus.AlreadyRegisteredError
	if err := r.Register(c); errors.As(err, &twice) {
		if have, ok := twice.ExistingCollector.(T); ok {
			return have
		}
	}
	return c
}

// count books a slice; topics come in runs, so the labels are looked up once a run.
func (m *producerMetrics) count(msgs []Message, errs WriteErrors) {
	for i := 0; i < len(msgs); {
		name := msgs[i].Topic
		var ok, failed, large, bytes int
		for ; i < len(msgs) && msgs[i].Topic == name; i++ {
			switch {
			case errs == nil || errs[i] == nil:
				ok++
				bytes += msgs[i].Size()
			case errors.Is(errs[i], ErrTooLarge):
				large++
			default:
				failed++
			}
		}
		m.add(name, "ok", ok)
		m.add(name, "error", failed)
		m.add(name, "too_large", large)
		if bytes > 0 {
			m.bytes.WithLabelValues(name).Add(float64(bytes))
		}
	}
}

func (m *producerMetrics) add(topic, outcome string, n int) {
	if n > 0 {
		m.messages.WithLabelValues(topic, outcome).Add(float64(n))
	}
}
