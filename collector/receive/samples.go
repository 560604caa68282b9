package receive

import (
	"errors"
	"net/http"
	"time"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/intake"
	"github.com/earshot-rtc/earshot/collector/queue"
)

// Answer is the body of an answer to POST /v1/samples: 202 when something was accepted, 400 when nothing was (403 when all of
// it was somebody else's to send), 503 when good samples could not be stored and the whole body should be sent again.
type Answer struct {
	Accepted int                `json:"accepted"`
	Rejected []intake.Rejection `json:"rejected"`
	Error    string             `json:"error,omitempty"`
}

// samples reads the bodies of POST /v1/samples.
func (s *Server) samples(r *http.Request) (walk, *failure) {
	kind, f := kindOf(r.Header.Get("Content-Type"))
	if f != nil {
		return nil, f
	}
	return func(b *intake.Batch, body []byte) *failure {
		switch kind {
		case protoBatch:
			return s.tooMany(b.WalkProto(body, s.cfg.Samples))
		case protoSample:
			b.Proto(body)
		case jsonAny:
			return s.tooMany(b.WalkJSON(body, s.cfg.Samples))
		}
		return nil
	}, nil
}

// settle waits for the outcome of a batch and answers.
func (s *Server) settle(w http.ResponseWriter, r *http.Request, name string, b *intake.Batch, received time.Time) *failure {
	results := make(chan intake.Result, 1)
	if err := b.Submit(func(res intake.Result) { results <- res }); err != nil {
		if errors.Is(err, queue.ErrFull) {
			return s.unavailable("queue_full", "the collector's queue is full; send the samples again later")
		}
		return s.unavailable("draining", errDraining.Error())
	}
	timeout := time.NewTimer(s.cfg.AckTimeout)
	defer timeout.Stop()
	var res intake.Result
	select {
	case res = <-results:
	case <-timeout.C:
		return s.unavailable("ack_timeout", "Kafka has not confirmed the samples in time; send them again later")
	case <-r.Context().Done():
		return s.unavailable("gone", "the client did not wait for the answer")
	}
	s.metrics.ackSeconds.WithLabelValues(name).Observe(s.now().Sub(received).Seconds())
	a := Answer{Accepted: res.Accepted, Rejected: res.Rejected}
	status := http.StatusAccepted
	switch {
	case res.Unavailable > 0:
		a.Error = "some samples could not be stored; send the body again later"
		status = http.StatusServiceUnavailable
		s.metrics.refused.WithLabelValues(intake.Unavailable).Inc()
		w.Header().Set("Retry-After", seconds(s.retryAfter()))
	case res.Accepted == 0:
		a.Error = "no sample was accepted"
		status = http.StatusBadRequest
		if forbidden(res.Rejected) {
			a.Error = "the token or certificate does not allow any of the samples"
			status = http.StatusForbidden
		}
	}
	if a.Rejected == nil {
		a.Rejected = []intake.Rejection{}
	}
	answer(w, status, &a)
	return nil
}

// forbidden says whether all of the samples were refused for who sent them.
func forbidden(all []intake.Rejection) bool {
	for i := range all {
		if !admit.Reason(all[i].Reason).Forbidden() {
			return false
		}
	}
	return true
}

func (s *Server) unavailable(reason, text string) *failure {
	f := fail(http.StatusServiceUnavailable, reason, "%s", text)
	f.retry = true
	return f
}
