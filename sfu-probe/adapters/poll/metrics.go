package poll

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// register exposes Stats. The numbers are read when somebody asks.
func (p *Poller) register(r prometheus.Registerer) error {
	counter := func(name, help string, read func(Stats) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts(opts(p.cfg.Name, name, help)), func() float64 { return float64(read(p.Stats())) })
	}
	return Register(r, p.cfg.Name,
		counter("polls_total", "Polls of the SFU.", func(s Stats) uint64 { return s.Polls }),
		counter("polls_failed_total", "Polls that failed.", func(s Stats) uint64 { return s.PollsFailed }),
		Gauge(p.cfg.Name, "poll_seconds", "How long the last poll took.", func() float64 { return p.Stats().LastPoll.Seconds() }),
		counter("samples_acked_total", "Samples made durable by the collector.", func(s Stats) uint64 { return s.SamplesAcked }),
		counter("samples_refused_total", "Samples that the collector would not have.", func(s Stats) uint64 { return s.SamplesRefused }),
		counter("samples_dropped_total", "Samples that gave way to newer ones in a full queue.", func(s Stats) uint64 { return s.SamplesDropped }),
		Gauge(p.cfg.Name, "samples_queued", "Samples that wait to be acknowledged.", func() float64 { return float64(p.Stats().SamplesQueued) }),
	)
}

func opts(adapter, name, help string) prometheus.Opts {
	return prometheus.Opts{Namespace: "earshot", Subsystem: adapter, Name: name, Help: help}
}

// Gauge is a metric of an adapter that is read when somebody asks.
func Gauge(adapter, name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts(adapter, name, help)), read)
}

// Register registers metrics of an adapter; without a Registerer it does nothing.
func Register(r prometheus.Registerer, adapter string, metrics ...prometheus.Collector) error {
	if r == nil {
		return nil
	}
	for _, m := range metrics {
		if err := r.Register(m); err != nil {
			return fmt.Errorf("%s: register metrics: %w", adapter, err)
		}
	}
	return nil
}
