package receive

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	requests     *prometheus.CounterVec
	refused      *prometheus.CounterVec
	wireBytes    prometheus.Counter
	decodedBytes prometheus.Counter
	ackSeconds   *prometheus.HistogramVec
	sockets      prometheus.Gauge
	accepted     prometheus.Counter
	frames       *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_http_requests_total",
			Help: "HTTP requests by route and status; 101 is a WebSocket.",
		}, []string{"route", "status"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_refused_total",
			Help: "Requests and frames refused as a whole, by reason.",
		}, []string{"reason"}),
		wireBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_collector_body_bytes_total",
			Help: "Bytes of HTTP bodies as they came.",
		}),
		decodedBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_collector_body_decoded_bytes_total",
			Help: "Bytes of HTTP bodies after decompression.",
		}),
		ackSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "earshot_collector_ack_seconds",
			Help:    "Time from the receipt of samples until all of them were settled.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"from"}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "earshot_collector_websockets",
			Help: "Open WebSockets.",
		}),
		accepted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_collector_websockets_opened_total",
			Help: "WebSockets ever opened.",
		}),
		frames: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_websocket_frames_total",
			Help: "Frames received on WebSockets, by kind (sample, time, bad).",
		}, []string{"kind"}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.refused, m.wireBytes, m.decodedBytes, m.ackSeconds, m.sockets, m.accepted, m.frames)
	}
	return m
}
