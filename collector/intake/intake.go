// Package intake turns what probes send into what Kafka keeps: encoded samples go in, one by one; each is decoded, admitted,
// stamped with its receipt, freed of what is personal, split by call and encoded again; messages for the samples topic, and for the dead-letter topic
// what was refused, come out into the queue.
package intake

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/enrich"
	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/mask"
	"github.com/earshot-rtc/earshot/collector/queue"
	"github.com/earshot-rtc/earshot/collector/split"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/internal/tracing"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Config says what is taken and how it is stamped.
type Config struct {
	Limits admit.Limits
	// MessageBytes bounds one message for Kafka: what Kafka itself takes.
	MessageBytes int
	// CollectorID goes into every receipt.
	CollectorID string
}

// Queue takes messages and tells what became of them; see queue.Queue.
type Queue interface {
	Submit(msgs []kafka.Message, done queue.Done) error
}

// Dependencies are what an Intake is given. All but Queue may be nil.
type Dependencies struct {
	Queue      Queue
	Registerer prometheus.Registerer
	// Mask takes out what is personal. Default: all of it.
	Mask *mask.Masker
	// Enrich says where an address is.
	Enrich *enrich.Enricher
	// Tracer makes a span of every batch, from its beginning until it is durable.
	Tracer trace.Tracer
}

// Intake begins batches. It is safe for concurrent use.
type Intake struct {
	cfg     Config
	queue   Queue
	mask    *mask.Masker
	enrich  *enrich.Enricher
	tracer  trace.Tracer
	metrics *metrics
	scratch sync.Pool
}

// New makes an Intake.
func New(cfg Config, deps Dependencies) *Intake {
	if deps.Mask == nil {
		deps.Mask, _ = mask.New(mask.DefaultConfig()) // which is valid and reads no key
	}
	return &Intake{cfg: cfg, queue: deps.Queue, mask: deps.Mask, enrich: deps.Enrich, tracer: deps.Tracer, metrics: newMetrics(deps.Registerer)}
}

// scratch is the memory that samples pass through.
type scratch struct {
	sample  *earshotv1.Sample
	decoded bool // sample is all that came
	masked  bool // nothing personal is left in it
	receipt earshotv1.Receipt
	check   *admit.Checker
	split   *split.Splitter
}

// keepSample bounds the transports, streams and events of a sample whose memory is used again.
const keepSample = 4096

func (in *Intake) borrow() *scratch {
	if sc, ok := in.scratch.Get().(*scratch); ok {
		return sc
	}
	return &scratch{sample: &earshotv1.Sample{}, check: admit.NewChecker(in.cfg.Limits), split: split.New()}
}

func (in *Intake) giveBack(sc *scratch) {
	sc.empty()
	in.scratch.Put(sc)
}

// empty readies the scratch for the next sample. Strings of the last one belong to the body it came in.
func (sc *scratch) empty() {
	s := sc.sample
	sc.decoded, sc.masked = false, false
	s.Receipt = nil // the scratch's own, which must not go into the codec's pool
	if len(s.Transports)+len(s.Streams)+len(s.Events) > keepSample {
		sc.sample = &earshotv1.Sample{}
		return
	}
	s.ResetVT()
}

// Origin is where a batch comes from.
type Origin struct {
	// Route is the way in, for metrics and dead letters.
	Route string
	// Received is the time of receipt.
	Received time.Time
	// Size is about how many bytes will come.
	Size int
	// Caller is who sends it.
	Caller identity.Caller
}

// Begin opens a batch, which is for one goroutine, and ends with Submit or Drop.
func (in *Intake) Begin(o Origin) *Batch {
	b := &Batch{in: in, sc: in.borrow(), origin: o}
	if in.tracer != nil {
		b.parent, b.span = tracing.Root(in.tracer, "samples", trace.SpanKindServer)
	}
	// Keys and receipts make messages a little longer than what came.
	b.arena = make([]byte, 0, o.Size+o.Size/8+128)
	return b
}
