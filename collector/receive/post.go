package receive

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/intake"
)

// handler answers a request, or says why not.
type handler func(http.ResponseWriter, *http.Request) *failure

// format says how the samples of a body are written. It sees the request before its body is read and gives what takes the
// body apart.
type format func(*http.Request) (walk, *failure)

// walk puts the samples of a body into a batch. What is wrong with a sample goes into the batch; a failure refuses the body.
type walk func(b *intake.Batch, body []byte) *failure

// post makes the handler of a route that samples are posted to: it authenticates, throttles, reads the body, and answers
// when all that was in it is durable. name stands in metrics and dead letters.
func (s *Server) post(name string, of format) handler {
	return func(w http.ResponseWriter, r *http.Request) *failure {
		received := s.now()
		if s.draining.Load() {
			return s.unavailable("draining", errDraining.Error())
		}
		into, f := of(r)
		if f != nil {
			return f
		}
		buf := borrowBuffer()
		defer returnBuffer(buf)
		v, f := s.enterWithBody(w, r, buf)
		if f != nil {
			return f
		}
		defer v.lease.Close()
		b := s.intake.Begin(intake.Origin{Route: name, Received: received, Size: buf.Len(), Caller: v.caller})
		f = into(b, buf.Bytes())
		v.lease.Spend(s.now(), b.Len(), buf.Len())
		if f != nil {
			b.Drop()
			return f
		}
		if b.Len() == 0 {
			b.Drop()
			if name == "janus" { // most events are of no interest by themselves
				answer(w, http.StatusAccepted, &Answer{Rejected: []intake.Rejection{}})
				return nil
			}
			return fail(http.StatusBadRequest, "empty", "the body holds no samples")
		}
		return s.settle(w, r, name, b, received)
	}
}

// enterWithBody says who sends a request and reads its body. The credentials come first, so that nobody's bodies are read
// for nothing; but those of a beacon, which can have no header, may be in a short body.
func (s *Server) enterWithBody(w http.ResponseWriter, r *http.Request, buf *bytes.Buffer) (*visit, *failure) {
	shown, f := s.shown(r)
	if f != nil {
		return nil, f
	}
	if shown.Empty() && s.identity.Required() && !certified(r) && beacon(r.Header) {
		if f := s.readBody(w, r, buf, s.cfg.BeaconBytes); f != nil {
			return nil, f
		}
		return s.enter(r, identity.TakeBody(buf.Bytes()))
	}
	v, f := s.enter(r, shown)
	if f != nil {
		return nil, f
	}
	if f := s.readBody(w, r, buf, s.cfg.BodyBytes); f != nil {
		v.lease.Close()
		return nil, f
	}
	if identity.Mentions(buf.Bytes()) { // the token was not needed, but is nobody's business either
		identity.TakeBody(buf.Bytes())
	}
	return v, nil
}

// beacon says whether a request is of the kind that navigator.sendBeacon makes without asking first.
func beacon(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == textPlain
}

// tooMany is the answer to a body with more samples than receive.samples.
func (s *Server) tooMany(err error) *failure {
	if errors.Is(err, intake.ErrTooManySamples) {
		return fail(http.StatusRequestEntityTooLarge, "too_many_samples", "more than %d samples in one body", s.cfg.Samples)
	}
	return nil
}

// wait is the answer to whoever sends too much.
func (s *Server) wait(by string, d time.Duration) *failure {
	f := fail(http.StatusTooManyRequests, throttled+by, "%s", tooMuch[by])
	f.retryIn = d
	return f
}
