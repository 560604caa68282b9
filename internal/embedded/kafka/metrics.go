package kafka

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
)

type metrics struct {
	up prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{up: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "earshot_embedded_kafka_up", Help: "1 while the embedded Kafka broker runs, else 0.",
	})}
	if r == nil {
		return m, nil
	}
	return m, r.Register(m.up)
}

// logger passes on what the broker calls errors; the rest is about single requests.
type logger struct{ log *slog.Logger }

// Logf is what kfake calls.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	if level == kfake.LogLevelError {
		l.log.Error("embedded Kafka", "message", fmt.Sprintf(format, args...))
	}
}
