package receive

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/intake"
	"github.com/earshot-rtc/earshot/collector/janus"
	"github.com/earshot-rtc/earshot/collector/observertc"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// foreign is what the routes of other formats share.
type foreign struct {
	decoders sync.Pool // of *observertc.Decoder
	janus    *janus.Keeper
}

func (f *foreign) decoder() *observertc.Decoder {
	if d, ok := f.decoders.Get().(*observertc.Decoder); ok {
		return d
	}
	return observertc.NewDecoder(observertc.DefaultLimits())
}

// observertcOptions reads what the URL says beside the samples.
func observertcOptions(r *http.Request) observertc.Options {
	q := r.URL.Query()
	o := observertc.Options{
		CallID: q.Get("call_id"), ClientID: q.Get("client_id"), UserID: q.Get("user_id"), SFUID: q.Get("sfu_id"),
		Region: q.Get("region"), SessionID: q.Get("session_id"), Interval: intervalOf(q),
	}
	o.Browser, o.BrowserVersion, o.OS = agent(r.UserAgent())
	return o
}

// intervalOf is how often the source samples, as the URL says; 0 where it does not.
func intervalOf(q url.Values) time.Duration {
	ms, err := strconv.Atoi(q.Get("interval_ms"))
	if err != nil || ms < 100 || ms > 3_600_000 {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// postObservertc reads the bodies of POST /v1/observertc.
func (s *Server) postObservertc(r *http.Request) (walk, *failure) {
	if f := jsonOnly(r); f != nil {
		return nil, f
	}
	o := observertcOptions(r)
	return func(b *intake.Batch, body []byte) *failure {
		dec := s.foreign.decoder()
		defer s.foreign.decoders.Put(dec)
		err := observertc.Walk(body, observertc.DefaultLimits(), s.cfg.Samples, func(raw []byte) {
			sample, err := dec.Decode(raw, &o)
			if err != nil {
				b.Refuse(raw, observertcRefusal(err))
				return
			}
			b.Sample(sample, raw)
		})
		if errors.Is(err, observertc.ErrTooManySamples) {
			return s.tooMany(intake.ErrTooManySamples)
		}
		if err != nil {
			b.Refuse(body, observertcRefusal(err))
		}
		return nil
	}, nil
}

// jsonOnly lets in what says that it is JSON, and what says nothing: fetch and sendBeacon call a text text/plain.
func jsonOnly(r *http.Request) *failure {
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		return nil
	}
	if media, _, err := mime.ParseMediaType(kind); err == nil && (media == "application/json" || media == textPlain) {
		return nil
	}
	return fail(http.StatusUnsupportedMediaType, "unsupported_media_type", "Content-Type %q is not taken; use application/json", kind)
}

// observertcRefusal puts a decoder's error into the words of admit.
func observertcRefusal(err error) *admit.Refusal {
	r := &admit.Refusal{Reason: admit.Malformed, Detail: err.Error()}
	var e *observertc.Error
	if errors.As(err, &e) {
		r.Detail = e.Detail
		switch e.Code {
		case observertc.TooMany, observertc.TooDeep:
			r.Reason = admit.TooMany
		case observertc.NoTime:
			r.Reason = admit.BadTime
		}
	}
	return r
}

// subprotocols name the codecs of ObserveRTC on a WebSocket; the query's codec and schema do the same.
var subprotocols = map[string]struct {
	codec  observertc.Codec
	schema string
}{
	"observertc.json":         {observertc.JSON, ""},
	"observertc.json-delta":   {observertc.JSONDelta, ""},
	"observertc.protobuf":     {observertc.Protobuf, ""},
	"observertc.protobuf-3.0": {observertc.Protobuf, "3.0"},
	"observertc.protobuf-3.3": {observertc.Protobuf, "3.3"},
	"observertc.protobuf-3.5": {observertc.Protobuf, "3.5"},
}

// observertcSocket speaks one of ObserveRTC's codecs. Monitors expect no answers; acks are for who asks.
type observertcSocket struct {
	sk     *socket
	stream *observertc.Stream
	codec  observertc.Codec
	acks   bool
}

func newObservertc(sk *socket, r *http.Request) ([]string, *failure) {
	q := r.URL.Query()
	codec, schema := observertc.Codec(q.Get("codec")), q.Get("schema")
	agreed := []string{Subprotocol}
	for _, name := range offered(r.Header) {
		if p, ok := subprotocols[name]; ok && codec == "" {
			codec, agreed = p.codec, []string{name}
			if schema == "" {
				schema = p.schema
			}
		}
	}
	if codec == "" {
		codec = observertc.JSON
	}
	stream, err := observertc.NewStream(codec, schema, observertcOptions(r), observertc.DefaultLimits())
	if err != nil {
		var e *observertc.Error
		if errors.As(err, &e) {
			return nil, fail(http.StatusBadRequest, "unsupported_codec", "%s", e.Detail)
		}
		return nil, fail(http.StatusBadRequest, "unsupported_codec", "%v", err)
	}
	acks, _ := strconv.ParseBool(q.Get("acks"))
	sk.speaks = &observertcSocket{sk: sk, stream: stream, codec: codec, acks: acks}
	return agreed, nil
}

// frame takes one sample.
func (o *observertcSocket) frame(ctx context.Context, typ websocket.MessageType, buf *bytes.Buffer, received time.Time) error {
	raw := buf.Bytes()
	if o.codec == observertc.Protobuf && typ == websocket.MessageText {
		// The encoders write base64 as well.
		n, err := base64.StdEncoding.Decode(raw, raw)
		if err != nil {
			n = 0
		}
		raw = raw[:n]
	}
	b := o.sk.begin(received, len(raw))
	sample, err := o.stream.Decode(raw)
	if err == nil {
		b.Sample(sample, raw)
		return o.sk.submit(ctx, b, kindSample, true)
	}
	refusal := observertcRefusal(err)
	b.Refuse(raw, refusal)
	if err := o.sk.submit(ctx, b, kindBad, true); err != nil {
		return err
	}
	if o.codec == observertc.JSON {
		return nil // the next one stands alone
	}
	o.sk.server.metrics.refused.WithLabelValues("broken_stream").Inc()
	o.sk.end(websocket.StatusInvalidFramePayloadData, reasonText(refusal.Detail))
	return errBrokenStream
}

var errBrokenStream = errors.New("a delta could not be read, and so none after it can")

// reasonText fits a sentence into a close frame.
func reasonText(s string) string { return s[:min(len(s), 120)] }

// ack says nothing, unless the monitor's application has asked for it. But a sample that is not stored now is lost with it
// unless the sender is told, and the only way to tell is to close.
func (o *observertcSocket) ack(dst []byte, p *pending) ([]byte, error) {
	if o.acks {
		return encode(dst, &earshotv1.ServerFrame{Ack: &earshotv1.Ack{
			SessionId: p.session, Sequence: p.sequence, Error: p.err, RetryAfterMs: uint32(p.retry.Milliseconds()),
		}}, true)
	}
	if p.retry > 0 {
		o.sk.end(websocket.StatusTryAgainLater, "samples cannot be stored now; connect again later")
		return dst[:0], errTryLater
	}
	return dst[:0], nil
}

var errTryLater = errors.New("samples cannot be stored now")
