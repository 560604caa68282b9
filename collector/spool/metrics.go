package spool

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	appended, drained, drainErrors prometheus.Counter
	truncated, abandoned, aside    prometheus.Counter
	corruptRecords, corruptBytes   prometheus.Counter
	readErrors, positionErrors     prometheus.Counter
	refused                        *prometheus.CounterVec
	syncSeconds                    prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, s *Spool) *metrics {
	var all []prometheus.Collector
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "earshot_collector_spool_" + name, Help: help})
		all = append(all, c)
		return c
	}
	m := &metrics{
		appended:       counter("appended_total", "Messages written to the spool because Kafka did not take them."),
		drained:        counter("drained_total", "Messages that Kafka has taken from the spool."),
		drainErrors:    counter("drain_errors_total", "Attempts to drain the spool that Kafka did not take, or not whole."),
		truncated:      counter("truncated_bytes_total", "Bytes cut off at the start because a crash had left them half-written; nothing of them was acknowledged."),
		abandoned:      counter("abandoned_segments_total", "Files of the spool given up because the disk did not sync them; nothing of what was not synced was acknowledged."),
		aside:          counter("refused_by_kafka_total", "Messages that Kafka takes in no way, kept in the file \"refused\" of the spool's directory."),
		corruptRecords: counter("corrupt_messages_total", "Messages in the spool that the disk has damaged, and which are lost."),
		corruptBytes:   counter("corrupt_bytes_total", "Bytes of the spool that cannot be read, with the messages in them, which are lost."),
		readErrors:     counter("read_errors_total", "Attempts to read the spool that failed."),
		positionErrors: counter("position_errors_total", "Attempts to note how far the spool is drained that failed; after a crash more messages repeat."),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_spool_refused_total",
			Help: "Slices of messages not taken, by reason: the spool is full (its own bound or the disk's), or the disk fails.",
		}, []string{"reason"}),
		syncSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "earshot_collector_spool_sync_seconds",
			Help:    "Time that the disk takes to make a group of slices durable.",
			Buckets: []float64{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2},
		}),
	}
	gauge := func(name, help string, value func() float64) {
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "earshot_collector_spool_" + name, Help: help}, func() float64 {
			s.mu.Lock()
			defer s.mu.Unlock()
			return value()
		}))
	}
	is := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	gauge("active", "1 while messages go to the spool rather than to Kafka.", func() float64 { return is(s.mode != direct) })
	gauge("kafka_away", "1 while Kafka does not take messages, as far as the last attempt tells. The collector is ready as long as the spool has room.",
		func() float64 { return is(s.away) })
	gauge("messages", "Messages in the spool that Kafka has yet to take.", func() float64 { return float64(s.records) })
	gauge("bytes", "Bytes that the spool takes on disk.", func() float64 { return float64(s.used) })
	gauge("limit_bytes", "Bytes that the spool may take on disk.", func() float64 { return float64(s.cfg.Bytes) })
	gauge("oldest_seconds", "Age of the oldest message in the spool.", func() float64 {
		if s.records == 0 {
			return 0
		}
		return max(0, s.now().Sub(s.oldest).Seconds())
	})
	if r != nil {
		r.MustRegister(append(all, m.refused, m.syncSeconds)...)
	}
	return m
}
