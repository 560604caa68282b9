package receive

import (
	"errors"
	"net/http"
	"sync"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/intake"
	"github.com/earshot-rtc/earshot/collector/janus"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// janusPost is one post of a gateway on its way in.
type janusPost struct {
	server  *Server
	options janus.Options
	batch   *intake.Batch

	in     janus.Instance
	events []*janus.Event
	raws   [][]byte
}

var janusReaders = sync.Pool{New: func() any { return janus.NewReader(janus.DefaultLimits()) }}

// postJanus reads the bodies of POST /v1/janus: the event handlers' posts.
func (s *Server) postJanus(r *http.Request) (walk, *failure) {
	if f := jsonOnly(r); f != nil {
		return nil, f
	}
	q := r.URL.Query()
	o := janus.Options{SFUID: q.Get("sfu_id"), Region: q.Get("region"), CallID: q.Get("call_id"), CallPrefix: q.Get("call_prefix")}
	return func(b *intake.Batch, body []byte) *failure {
		p := janusPost{server: s, options: o, batch: b}
		if id := b.Caller().SFUID; id != "" {
			p.options.SFUID = id
		}
		reader, _ := janusReaders.Get().(*janus.Reader)
		defer janusReaders.Put(reader)
		err := janus.Walk(body, janus.DefaultLimits(), s.cfg.Samples, func(raw []byte) { p.event(reader, raw) })
		p.flush()
		if errors.Is(err, janus.ErrTooManyEvents) {
			return s.tooMany(intake.ErrTooManySamples)
		}
		if err != nil {
			b.Refuse(body, janusRefusal(err))
		}
		return nil
	}, nil
}

// event takes one event. Those of a post come from one gateway, or from several through one relay.
func (p *janusPost) event(reader *janus.Reader, raw []byte) {
	e, err := reader.Read(raw)
	if err != nil {
		p.batch.Refuse(raw, janusRefusal(err))
		return
	}
	in := janus.Instance{Tenant: p.batch.Caller().Tenant, SFUID: p.options.SFUID}
	if in.SFUID == "" {
		in.SFUID = e.Emitter
	}
	if in.SFUID == "" {
		p.batch.Refuse(raw, &admit.Refusal{Reason: admit.NoSource,
			Detail: "nothing names the gateway: set server_name in janus.jcfg, or sfu_id in the URL"})
		return
	}
	if in != p.in {
		p.flush()
		p.in = in
	}
	p.events, p.raws = append(p.events, e), append(p.raws, raw)
}

func (p *janusPost) flush() {
	if len(p.events) == 0 {
		return
	}
	o := p.options
	o.SFUID = p.in.SFUID
	p.server.foreign.janus.Take(p.in, p.batch.Received(), p.events, &o,
		func(i int, err *janus.Error) {
			p.batch.Refuse(p.raws[i], &admit.Refusal{Reason: admit.BadTime, Detail: err.Detail})
		},
		// No event is the sample's own, so there is none to keep when the sample is refused.
		func(m *earshotv1.Sample) { p.batch.Sample(m, nil) })
	p.events, p.raws = p.events[:0], p.raws[:0]
}

// janusRefusal puts a reader's error into the words of admit.
func janusRefusal(err error) *admit.Refusal {
	r := &admit.Refusal{Reason: admit.Malformed, Detail: err.Error()}
	var e *janus.Error
	if errors.As(err, &e) {
		r.Detail = e.Detail
		if e.Code != janus.Malformed {
			r.Reason = admit.TooMany
		}
	}
	return r
}
