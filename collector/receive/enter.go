package receive

import (
	"net/http"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/throttle"
)

// visit is a request that was let in.
type visit struct {
	caller identity.Caller
	// lease is the caller's account, to be closed.
	lease *throttle.Lease
}

// throttled begins the reasons of those who have to wait; whose limit it is follows.
const throttled = "throttled_"

var tooMuch = map[string]string{
	throttle.ByRequests: "too many requests from this address; send more samples in each, or use /v1/stream",
	throttle.BySource:   "too much from this client or SFU; see throttle.source",
	throttle.ByAddress:  "too much from this address; see throttle.address",
	throttle.ByTenant:   "too much of this tenant; see throttle.tenant",
}

// shown takes the credentials out of a request, whether they are needed or not.
func (s *Server) shown(r *http.Request) (identity.Credential, *failure) {
	shown, refused := identity.Take(r)
	if refused != nil && s.identity.Required() {
		return shown, s.refuse(refused)
	}
	return shown, nil
}

// enter says who shows a credential, and whether more may come from there now.
func (s *Server) enter(r *http.Request, shown identity.Credential) (*visit, *failure) {
	now := s.now()
	caller, refused := s.identity.Identify(r.Context(), shown, r.TLS, s.identity.Address(r), now)
	if refused != nil {
		return nil, s.refuse(refused)
	}
	v := &visit{caller: caller, lease: s.throttle.Lease(&caller, now)}
	if d, by := v.lease.Wait(now); d > 0 {
		v.lease.Close()
		return nil, s.wait(by, d)
	}
	return v, nil
}

func (s *Server) refuse(r *identity.Refusal) *failure {
	f := fail(r.Status, r.Reason, "%s", r.Detail)
	f.challenge = r.Challenge()
	f.retry = r.Status == http.StatusServiceUnavailable
	return f
}

// certified says whether a request came over a connection with a client certificate.
func certified(r *http.Request) bool { return r.TLS != nil && len(r.TLS.VerifiedChains) > 0 }
