// Package observertc reads what ObserveRTC's monitors send: ClientSample and SfuSample as JSON of schemas 2.x and 3.x, and the
// delta codecs of ClientSample, JSON and protobuf, go in; samples of Earshot's own shape come out.
//
// The formats have neither sessions nor sequence numbers; see session.go for what stands in their place. What maps to what
// is in docs/formats.md.
package observertc

import (
	"time"

	"github.com/go-faster/jx"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Options is what a request says beside its body. What the body says wins, but for the session and the interval, which no
// body has.
type Options struct {
	CallID, ClientID, UserID string
	SFUID, Region            string
	// SessionID names the run of the monitor, where the application knows it.
	SessionID string
	// Interval is how often the monitor samples; 0 is DefaultInterval.
	Interval time.Duration
	// Browser, BrowserVersion, OS describe the client where its samples do not: monitors tell once only.
	Browser, BrowserVersion, OS string
}

// DefaultInterval is how often client-monitor-js samples unless told otherwise.
const DefaultInterval = 8 * time.Second

// Limits bound what a sample may make the decoder set aside, and how long it may have to look for things.
type Limits struct {
	// Depth is how deep JSON may nest.
	Depth int
	// Objects is how many objects a ClientSample may have, Pads how many an SfuSample may.
	Objects, Pads int
}

// DefaultLimits leave room for a mesh of a hundred peer connections, and for an SFU with ten thousand pads.
func DefaultLimits() Limits { return Limits{Depth: 16, Objects: 8192, Pads: 32_768} }

// keepBytes is the size of a sample up to which the memory for it is kept for the next.
const keepBytes = 256 << 10

// Decoder reads samples that stand alone. It keeps its memory, and nothing else, from one to the next. It is not safe for
// concurrent use.
type Decoder struct {
	limits Limits
	json   jx.Decoder
	client clientSample
	sfu    sfuSample
}

// NewDecoder makes a Decoder.
func NewDecoder(limits Limits) *Decoder { return &Decoder{limits: limits} }

// Decode reads one ClientSample or SfuSample: what has an sfuId is the latter. Errors are *Error. The sample shares no memory
// with raw and belongs to the caller.
func (dec *Decoder) Decode(raw []byte, o *Options) (*earshotv1.Sample, error) {
	objects, err := check(raw, dec.limits)
	if err != nil {
		return nil, err
	}
	if len(raw) > keepBytes {
		defer func() { dec.client, dec.sfu = clientSample{}, sfuSample{} }()
	}
	d := &dec.json
	d.ResetBytes(raw)
	isSFU, err := hasKey(d, "sfuId")
	if err != nil {
		return nil, malformed(err)
	}
	if isSFU {
		dec.sfu.reset()
		if err := dec.sfu.read(d); err != nil {
			return nil, malformed(err)
		}
		if err := end(d); err != nil {
			return nil, err
		}
		return makeSFU(&dec.sfu, o)
	}
	if objects > dec.limits.Objects {
		return nil, fail(TooMany, "more than %d objects in one ClientSample", dec.limits.Objects)
	}
	dec.client.reset()
	if err := readClient(d, &dec.client, nil); err != nil {
		return nil, malformed(err)
	}
	if err := end(d); err != nil {
		return nil, err
	}
	return makeClient(&dec.client, o, nil)
}

// end says whether anything follows.
func end(d *jx.Decoder) error {
	if d.Next() != jx.Invalid {
		return fail(Malformed, "something follows the JSON value")
	}
	return nil
}
