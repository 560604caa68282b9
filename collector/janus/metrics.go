package janus

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	instances prometheus.Gauge
	handles   prometheus.Gauge
	refused   prometheus.Counter
	events    *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		instances: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "earshot_collector_janus_instances",
			Help: "Janus gateways whose events are followed.",
		}),
		handles: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "earshot_collector_janus_handles",
			Help: "Handles of Janus gateways that are followed.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_collector_janus_handles_refused_total",
			Help: "Events of handles that were not followed, since their gateway has too many.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_janus_events_total",
			Help: "Events of Janus gateways, by type.",
		}, []string{"type"}),
	}
	if r != nil {
		r.MustRegister(m.instances, m.handles, m.refused, m.events)
	}
	return m
}

// typeName names a type of events; what is none of Janus' is "other".
func typeName(t int) string {
	switch t {
	case TypeSession:
		return "session"
	case TypeHandle:
		return "handle"
	case TypeJSEP:
		return "jsep"
	case TypeWebRTC:
		return "webrtc"
	case TypeMedia:
		return "media"
	case TypePlugin:
		return "plugin"
	case TypeTransport:
		return "transport"
	case TypeCore:
		return "core"
	}
	return "other"
}
