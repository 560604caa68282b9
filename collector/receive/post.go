package receive

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/intake"
)

// handler answers a request, or says why not.
type handler func(http.ResponseWriter, *http.Request) *failure

// format says how the samples of a body are written. It sees the request's header before the body is read and gives what
// takes the body apart.
type format func(http.Header) (walk, *failure)

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
		caller, f := s.admit(r)
		if f != nil {
			return f
		}
		into, f := of(r.Header)
		if f != nil {
			return f
		}
		buf := borrowBuffer()
		defer returnBuffer(buf)
		if f := s.readBody(w, r, buf); f != nil {
			return f
		}
		b := s.intake.Begin(intake.Origin{Route: name, Received: received, Size: buf.Len(), Caller: caller})
		if f := into(b, buf.Bytes()); f != nil {
			b.Drop()
			return f
		}
		if b.Len() == 0 {
			b.Drop()
			return fail(http.StatusBadRequest, "empty", "the body holds no samples")
		}
		return s.settle(w, r, name, b, received)
	}
}

// admit says who sends a request, and whether so much may come from there.
func (s *Server) admit(r *http.Request) (identity.Caller, *failure) {
	return identity.Caller{Address: address(r)}, nil
}

// tooMany is the answer to a body with more samples than receive.samples.
func (s *Server) tooMany(err error) *failure {
	if errors.Is(err, intake.ErrTooManySamples) {
		return fail(http.StatusRequestEntityTooLarge, "too_many_samples", "more than %d samples in one body", s.cfg.Samples)
	}
	return nil
}

// address is where a request came from.
func address(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}
