package kafka

import "github.com/prometheus/client_golang/prometheus"

type consumerMetrics struct {
	records     prometheus.Counter
	generations prometheus.Counter
	assigned    prometheus.Gauge
	commits     *prometheus.CounterVec
	errors      prometheus.Counter
}

func newConsumerMetrics(r prometheus.Registerer) *consumerMetrics {
	m := &consumerMetrics{
		records: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_kafka_consumed_records_total",
			Help: "Records fetched, those of replays included.",
		}),
		generations: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_kafka_generations_total",
			Help: "Generations of the consumer group that this member took part in.",
		}),
		assigned: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "earshot_kafka_assigned_partitions",
			Help: "Partitions that this member has now.",
		}),
		commits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_kafka_commits_total",
			Help: "Offset commits by outcome (ok, fenced, error).",
		}, []string{"outcome"}),
		errors: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_kafka_consumer_errors_total",
			Help: "Joins, fetches and handlers that ended in an error; each is tried again.",
		}),
	}
	m.records, m.generations, m.assigned = register(r, m.records), register(r, m.generations), register(r, m.assigned)
	m.commits, m.errors = register(r, m.commits), register(r, m.errors)
	return m
}
