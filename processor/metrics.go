package processor

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/processor/partition"
)

type metrics struct {
	records    *prometheus.CounterVec
	rows       *prometheus.CounterVec
	inserts    prometheus.Histogram
	retries    *prometheus.CounterVec
	dropped    *prometheus.CounterVec
	windows    prometheus.Counter
	lost       prometheus.Counter
	recovered  prometheus.Counter
	lagRecords *prometheus.GaugeVec
	lagSeconds *prometheus.GaugeVec
	calls      *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "earshot_processor_" + name, Help: help}, labels)
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "earshot_processor_" + name, Help: help})
	}
	gauges := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "earshot_processor_" + name, Help: help}, []string{"partition"})
	}
	m := &metrics{
		records: counters("records_total", "Records read; mode is live, replay where state is rebuilt without output, or tick where a record says only how late it is.", "mode"),
		rows:    counters("rows_total", "Rows that ClickHouse has acknowledged, repeats that it has dropped included.", "table"),
		inserts: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "earshot_processor_insert_seconds", Help: "Time of one successful insert into one table.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 14),
		}),
		retries: counters("retries_total", "Attempts that failed and were repeated, by what was tried (insert, commit, dead, epochs, tick).", "what"),
		dropped: counters("dropped_total", "Samples and facts that were not used, by reason; dead letters are those that could not be read.", "reason"),
		windows: counter("windows_total", "Windows closed, over all calls."),
		lost:    counter("records_lost_total", "Records that retention removed before they were processed."),
		recovered: counter("batches_recovered_total",
			"Batches built and sent a second time because it was not known whether they had reached ClickHouse."),
		lagRecords: gauges("lag_records", "Records of the partition that are not processed yet."),
		lagSeconds: gauges("lag_seconds", "Age of the last processed record while there are more; 0 when caught up."),
		calls:      gauges("calls", "Calls held in memory."),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.records, m.rows, m.inserts, m.retries, m.dropped, m.windows, m.lost, m.recovered, m.lagRecords, m.lagSeconds, m.calls,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// forget removes a partition's gauges.
func (m *metrics) forget(n int) {
	label := strconv.Itoa(n)
	m.lagRecords.DeleteLabelValues(label)
	m.lagSeconds.DeleteLabelValues(label)
	m.calls.DeleteLabelValues(label)
}

// count books what a partition has counted since before.
func (m *metrics) count(n int, before, now partition.Counts) {
	for _, d := range []struct {
		reason string
		delta  uint64
	}{
		{"late", now.Late - before.Late},
		{"duplicate", now.Duplicate - before.Duplicate},
		{"reordered", now.Reordered - before.Reordered},
		{"superseded", now.Superseded - before.Superseded},
		{"conflict", now.Conflicts - before.Conflicts},
		{"loop", now.Loops - before.Loops},
		{"implausible_time", now.Implausible - before.Implausible},
		{"truncated", now.Truncated - before.Truncated},
		{"orphan", now.Orphans - before.Orphans},
		{"panic", now.Panics - before.Panics},
	} {
		if d.delta > 0 {
			m.dropped.WithLabelValues(d.reason).Add(float64(d.delta))
		}
	}
	m.windows.Add(float64(now.Windows - before.Windows))
	m.calls.WithLabelValues(strconv.Itoa(n)).Set(float64(now.Calls))
}
