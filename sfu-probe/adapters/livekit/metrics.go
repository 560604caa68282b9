package livekit

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// register exposes Stats. The numbers are read when somebody asks.
func (a *Adapter) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "earshot", Subsystem: "livekit", Name: name, Help: help}
	}
	counter := func(name, help string, read func(Stats) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts(opts(name, help)), func() float64 { return float64(read(a.Stats())) })
	}
	gauge := func(name, help string, read func(Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts(name, help)), func() float64 { return read(a.Stats()) })
	}
	for _, c := range []prometheus.Collector{
		counter("polls_total", "Polls of the server.", func(s Stats) uint64 { return s.Polls }),
		counter("polls_failed_total", "Polls that failed.", func(s Stats) uint64 { return s.PollsFailed }),
		gauge("poll_seconds", "How long the last poll took.", func(s Stats) float64 { return s.LastPoll.Seconds() }),
		gauge("rooms", "Rooms of the server.", func(s Stats) float64 { return float64(s.Rooms) }),
		gauge("streams", "Streams that the last poll found.", func(s Stats) float64 { return float64(s.Streams) }),
		gauge("forwards_known", "1 where the server tells who receives what.", func(s Stats) float64 {
			if s.Forwards {
				return 1
			}
			return 0
		}),
		counter("samples_acked_total", "Samples made durable by the collector.", func(s Stats) uint64 { return s.SamplesAcked }),
		counter("samples_refused_total", "Samples that the collector would not have.", func(s Stats) uint64 { return s.SamplesRefused }),
		counter("samples_dropped_total", "Samples that gave way to newer ones in a full queue.", func(s Stats) uint64 { return s.SamplesDropped }),
		gauge("samples_queued", "Samples that wait to be acknowledged.", func(s Stats) float64 { return float64(s.SamplesQueued) }),
	} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("livekit: register metrics: %w", err)
		}
	}
	return nil
}
