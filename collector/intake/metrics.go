package intake

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/collector/admit"
)

type metrics struct {
	samples  *prometheus.CounterVec
	rejected *prometheus.CounterVec
	dropped  *prometheus.CounterVec
	noCall   prometheus.Counter
	messages prometheus.Counter
	dead     *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		samples: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_samples_total",
			Help: "Samples by the way they came and outcome: accepted (durable), rejected (bad), unavailable (to be sent again).",
		}, []string{"from", "outcome"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_samples_rejected_total",
			Help: "Bad samples, by reason.",
		}, []string{"reason"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_parts_dropped_total",
			Help: "Parts taken out of samples that were kept otherwise, by reason.",
		}, []string{"reason"}),
		noCall: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_collector_samples_no_call_total",
			Help: "Accepted samples of SFUs that concern no call, and so went nowhere.",
		}),
		messages: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_collector_messages_total",
			Help: "Messages that accepted and unavailable samples became: one per sample and call.",
		}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_collector_dead_letters_total",
			Help: "Dead letters, by outcome (written, lost).",
		}, []string{"outcome"}),
	}
	for _, reason := range admit.All() {
		m.rejected.WithLabelValues(string(reason))
	}
	if r != nil {
		r.MustRegister(m.samples, m.rejected, m.dropped, m.noCall, m.messages, m.dead)
	}
	return m
}

func (m *metrics) count(b *Batch, res *Result, refused int) {
	m.add(b.origin.Route, "accepted", res.Accepted)
	m.add(b.origin.Route, "rejected", refused)
	m.add(b.origin.Route, "unavailable", res.Unavailable)
	for i := range res.Rejected {
		if res.Rejected[i].Reason != Unavailable {
			m.rejected.WithLabelValues(res.Rejected[i].Reason).Inc()
		}
	}
	for _, d := range b.drops {
		m.dropped.WithLabelValues(string(d.Reason)).Add(float64(d.Count))
	}
	m.noCall.Add(float64(b.noCall))
	m.messages.Add(float64(len(b.places)))
}

func (m *metrics) add(from, outcome string, n int) {
	if n > 0 {
		m.samples.WithLabelValues(from, outcome).Add(float64(n))
	}
}
