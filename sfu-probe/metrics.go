package sfuprobe

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// register exposes Stats. The numbers are read when somebody asks.
func (p *Probe) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	counter := func(name, help string, read func(Stats) uint64) prometheus.Collector {
		opts := prometheus.CounterOpts{Namespace: "earshot", Subsystem: "sfuprobe", Name: name, Help: help}
		return prometheus.NewCounterFunc(opts, func() float64 { return float64(read(p.Stats())) })
	}
	gauge := func(name, help string, read func(Stats) uint64) prometheus.Collector {
		opts := prometheus.GaugeOpts{Namespace: "earshot", Subsystem: "sfuprobe", Name: name, Help: help}
		return prometheus.NewGaugeFunc(opts, func() float64 { return float64(read(p.Stats())) })
	}
	for _, c := range []prometheus.Collector{
		counter("samples_taken_total", "Samples handed to the exporter.", func(s Stats) uint64 { return s.SamplesTaken }),
		counter("samples_sent_total", "Samples written to the collector, repeats included.", func(s Stats) uint64 { return s.SamplesSent }),
		counter("samples_acked_total", "Samples made durable by the collector.", func(s Stats) uint64 { return s.SamplesAcked }),
		counter("samples_refused_total", "Samples that the collector would not have.", func(s Stats) uint64 { return s.SamplesRefused }),
		counter("samples_dropped_total", "Samples that gave way to newer ones in a full queue.", func(s Stats) uint64 { return s.SamplesDropped }),
		counter("connects_total", "Connections made to the collector.", func(s Stats) uint64 { return s.Connects }),
		gauge("samples_queued", "Samples that wait to be acknowledged.", func(s Stats) uint64 { return s.SamplesQueued }),
		gauge("queue_bytes", "Bytes of the samples that wait to be acknowledged.", func(s Stats) uint64 { return s.BytesQueued }),
		gauge("connections", "PeerConnections watched.", func(s Stats) uint64 { return uint64(s.Connections) }), // a length
	} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("sfuprobe: register metrics: %w", err)
		}
	}
	return nil
}
