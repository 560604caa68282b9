package receive

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// native speaks stream.proto.
type native struct{ sk *socket }

func newNative(sk *socket, _ *http.Request) ([]string, *failure) {
	sk.speaks = native{sk}
	return []string{Subprotocol}, nil
}

// frame takes a ClientFrame: protobuf when it is binary.
func (n native) frame(ctx context.Context, typ websocket.MessageType, buf *bytes.Buffer, received time.Time) error {
	if typ == websocket.MessageText {
		return n.sk.text(ctx, buf.Bytes(), received)
	}
	return n.sk.binary(ctx, buf, received)
}

// ack writes a ServerFrame.
func (native) ack(dst []byte, p *pending) ([]byte, error) {
	return encode(dst, &earshotv1.ServerFrame{Ack: &earshotv1.Ack{
		SessionId: p.session, Sequence: p.sequence, Error: p.err, RetryAfterMs: uint32(p.retry.Milliseconds()),
	}}, p.text)
}

const notAFrame = "not a protobuf earshot.v1.ClientFrame: "

// binary takes a protobuf ClientFrame. The sample in it is not decoded here: the intake wants it as it came.
func (sk *socket) binary(ctx context.Context, buf *bytes.Buffer, received time.Time) error {
	frame := buf.Bytes()
	seen := false
	for len(frame) > 0 {
		num, typ, n := protowire.ConsumeTag(frame)
		if n < 0 {
			return sk.bad(ctx, buf.Bytes(), received, notAFrame+protowire.ParseError(n).Error())
		}
		m := protowire.ConsumeFieldValue(num, typ, frame[n:])
		if m < 0 {
			return sk.bad(ctx, buf.Bytes(), received, notAFrame+protowire.ParseError(m).Error())
		}
		value := frame[n : n+m]
		frame = frame[n+m:]
		if typ != protowire.BytesType || num != frameSample && num != frameTime {
			continue
		}
		seen = true
		value, _ = protowire.ConsumeBytes(value)
		if num == frameTime {
			if err := sk.clock(ctx, sentAt(value), received, false); err != nil {
				return err
			}
			continue
		}
		b := sk.begin(received, len(value))
		b.Proto(value)
		if err := sk.submit(ctx, b, kindSample, false); err != nil {
			return err
		}
	}
	if !seen {
		return sk.bad(ctx, buf.Bytes(), received, "the frame holds neither sample nor time")
	}
	return nil
}

// bad answers a binary frame that is none, and sees to its dead letter.
func (sk *socket) bad(ctx context.Context, frame []byte, received time.Time, detail string) error {
	b := sk.begin(received, 0)
	b.Malformed(frame, detail)
	return sk.submit(ctx, b, kindBad, false)
}

// sentAt reads a TimeRequest.
func sentAt(req []byte) (us int64) {
	for len(req) > 0 {
		num, typ, n := protowire.ConsumeTag(req)
		if n < 0 {
			return us
		}
		if num == timeSentAt && typ == protowire.VarintType {
			v, m := protowire.ConsumeVarint(req[n:])
			if m < 0 {
				return us
			}
			us = int64(v)
			req = req[n+m:]
			continue
		}
		m := protowire.ConsumeFieldValue(num, typ, req[n:])
		if m < 0 {
			return us
		}
		req = req[n+m:]
	}
	return us
}

// text takes a ClientFrame as protojson, for whoever has no protobuf at hand. It is answered in kind.
func (sk *socket) text(ctx context.Context, frame []byte, received time.Time) error {
	b := sk.begin(received, len(frame))
	req, refusal := b.Frame(frame)
	if refusal != "" {
		b.Malformed(frame, "not a JSON earshot.v1.ClientFrame: "+refusal)
		return sk.submit(ctx, b, kindBad, true)
	}
	if req != nil {
		b.Drop()
		return sk.clock(ctx, req.SentAtUs, received, true)
	}
	return sk.submit(ctx, b, kindSample, true)
}

// encode writes a ServerFrame as the other side speaks.
func encode(dst []byte, f *earshotv1.ServerFrame, text bool) ([]byte, error) {
	if text {
		return protojson.MarshalOptions{}.MarshalAppend(dst[:0], f)
	}
	n := f.SizeVT()
	if cap(dst) < n {
		dst = make([]byte, n)
	}
	dst = dst[:n]
	_, err := f.MarshalToSizedBufferVT(dst)
	return dst, err
}
