// Package kafka talks to Kafka: slices of messages go in and are durable when Produce returns; assigned partitions come out
// as batches of records.
//
// It is the only package that knows the client library.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafkago "github.com/segmentio/kafka-go"
)

// ProducerConfig tells how messages are written. Zero values take the defaults named.
type ProducerConfig struct {
	// Brokers are host:port addresses of some brokers of the cluster.
	Brokers []string `yaml:"brokers"`
	// ClientID names this process in the brokers' logs. Default: earshot.
	ClientID string `yaml:"client_id"`
	// Compression is none, gzip, snappy, lz4 or zstd. Default: lz4.
	Compression string `yaml:"compression"`
	// Linger is how long a request waits for more messages of its partition. Default: 5 ms.
	Linger time.Duration `yaml:"linger"`
	// BatchMessages bounds a request to one partition. The library sets this many places aside (150 bytes each) for
	// every batch it begins, so many more cost memory; samples of 2 KB fill MaxMessageBytes with 500. Default: 500.
	BatchMessages int `yaml:"batch_messages"`
	// MaxMessageBytes bounds a message, and a request to one partition, before compression. It must not exceed the
	// broker's message.max.bytes. Default: 1,000,000.
	MaxMessageBytes int `yaml:"max_message_bytes"`
	// DialTimeout bounds a connection's set-up, WriteTimeout one attempt to write. Defaults: 3 s, 10 s.
	DialTimeout  time.Duration `yaml:"dial_timeout"`
	WriteTimeout time.Duration `yaml:"write_timeout"`
	// Attempts bounds how often a request is tried. Default: 3.
	Attempts int `yaml:"attempts"`
}

// Dependencies are what a Producer is given. All may be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Producer writes messages and says when they are durable. It is safe for concurrent use: calls at the same time share
// requests, so several workers with slices of moderate size get the best out of it.
type Producer struct {
	cfg       ProducerConfig
	writer    *kafkago.Writer
	transport *kafkago.Transport
	metrics   *producerMetrics
	scratch   sync.Pool
	closeOnce sync.Once
}

var compressions = map[string]kafkago.Compression{
	"none": 0, "gzip": kafkago.Gzip, "snappy": kafkago.Snappy, "lz4": kafkago.Lz4, "zstd": kafkago.Zstd,
}

// SetDefaults fills in what is zero.
func (c *ProducerConfig) SetDefaults() {
	def(&c.ClientID, "earshot")
	def(&c.Compression, "lz4")
	def(&c.Linger, 5*time.Millisecond)
	def(&c.BatchMessages, 500)
	def(&c.MaxMessageBytes, 1_000_000)
	def(&c.DialTimeout, 3*time.Second)
	def(&c.WriteTimeout, 10*time.Second)
	def(&c.Attempts, 3)
}

func def[T comparable](v *T, to T) {
	if *v == *new(T) {
		*v = to
	}
}

// NewProducer makes a Producer; it connects when the first message is written.
func NewProducer(cfg ProducerConfig, deps Dependencies) (*Producer, error) {
	cfg.SetDefaults()
	if len(cfg.Brokers) == 0 {
		return nil, errors.New("kafka: no brokers are named; give at least one host:port")
	}
	for _, b := range cfg.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return nil, fmt.Errorf("kafka: broker %q is not of the form host:port", b)
		}
	}
	codec, ok := compressions[cfg.Compression]
	if !ok {
		return nil, fmt.Errorf("kafka: compression %q is not known; use none, gzip, snappy, lz4 or zstd", cfg.Compression)
	}
	log := deps.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &Producer{cfg: cfg, metrics: newProducerMetrics(deps.Registerer)}
	p.transport = &kafkago.Transport{
		Dial:        (&net.Dialer{Timeout: cfg.DialTimeout}).DialContext,
		DialTimeout: cfg.DialTimeout,
		ClientID:    cfg.ClientID,
	}
	p.writer = &kafkago.Writer{
		Addr:            kafkago.TCP(cfg.Brokers...),
		Balancer:        kafkago.Murmur2Balancer{},
		RequiredAcks:    kafkago.RequireAll,
		Compression:     codec,
		BatchSize:       cfg.BatchMessages,
		BatchBytes:      int64(cfg.MaxMessageBytes),
		BatchTimeout:    cfg.Linger,
		MaxAttempts:     cfg.Attempts,
		WriteBackoffMin: 50 * time.Millisecond,
		ReadTimeout:     cfg.WriteTimeout,
		WriteTimeout:    cfg.WriteTimeout,
		Transport:       p.transport,
		ErrorLogger: kafkago.LoggerFunc(func(format string, args ...any) {
			log.Debug("kafka write", "problem", fmt.Sprintf(format, args...))
		}),
	}
	return p, nil
}

// Produce writes msgs and returns when every replica in sync has them, or when the attempts are used up. The error is
// WriteErrors where messages fared differently, and concerns all of msgs otherwise. Messages of one partition keep their
// order.
//
// When ctx ends first, what becomes of the messages is unknown, and their bytes may still be read: neither then nor after
// any other error may the caller write into them.
func (p *Producer) Produce(ctx context.Context, msgs []Message) error {
	if len(msgs) == 0 {
		return nil
	}
	began := time.Now()
	errs := p.produce(ctx, msgs)
	p.metrics.seconds.Observe(time.Since(began).Seconds())
	p.metrics.count(msgs, errs)
	if errs == nil {
		return nil
	}
	for _, err := range errs[1:] {
		if err != errs[0] { //nolint:errorlint // the same value, not the same kind
			return errs
		}
	}
	return errs[0]
}

func (p *Producer) produce(ctx context.Context, msgs []Message) WriteErrors {
	scratch, _ := p.scratch.Get().(*[]kafkago.Message)
	if scratch == nil {
		scratch = new([]kafkago.Message)
	}
	out := (*scratch)[:0]
	var errs WriteErrors
	for i := range msgs {
		// One message over the limit makes the library refuse the whole slice, so it must not get there. The library
		// counts 14 bytes a message and varints before headers; a few bytes of margin cover both.
		if msgs[i].Size() > p.cfg.MaxMessageBytes {
			if errs == nil {
				errs = make(WriteErrors, len(msgs))
			}
			errs[i] = fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, msgs[i].Size(), p.cfg.MaxMessageBytes)
			continue
		}
		out = append(out, convert(&msgs[i]))
	}
	err := p.writer.WriteMessages(ctx, out...)
	if err != nil {
		errs = p.merge(len(msgs), errs, err)
		return errs // the library may still hold what out points to
	}
	clear(out)
	*scratch = out[:0]
	p.scratch.Put(scratch)
	return errs
}

// merge lays the library's outcome over the places that were not refused before.
func (p *Producer) merge(n int, errs WriteErrors, err error) WriteErrors {
	var each kafkago.WriteErrors
	_ = errors.As(err, &each)
	if errs == nil {
		errs = make(WriteErrors, n)
	}
	var from, to error // one explanation for all messages of a request
	k := 0
	for i := range errs {
		if errs[i] != nil {
			continue
		}
		e := err
		if each != nil {
			e = each[k]
			k++
		}
		if e != nil {
			if from == nil || from != e { //nolint:errorlint // the same value, not the same kind
				from, to = e, p.explain(e)
			}
			errs[i] = to
		}
	}
	return errs
}

func convert(m *Message) kafkago.Message {
	out := kafkago.Message{Topic: m.Topic, Key: m.Key, Value: m.Value, Time: m.Time}
	if len(m.Headers) > 0 {
		out.Headers = make([]kafkago.Header, len(m.Headers))
		for i, h := range m.Headers {
			out.Headers[i] = kafkago.Header(h)
		}
	}
	return out
}

// Ping says whether a broker answers now.
func (p *Producer) Ping(ctx context.Context) error {
	return ping(ctx, p.cfg.Brokers, p.cfg.DialTimeout)
}

func ping(ctx context.Context, brokers []string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var last error
	for _, b := range brokers {
		conn, err := (&kafkago.Dialer{Timeout: timeout}).DialContext(ctx, "tcp", b)
		if err != nil {
			last = err
			continue
		}
		// A listener alone is not a broker.
		deadline, _ := ctx.Deadline()
		_ = conn.SetDeadline(deadline)
		_, err = conn.ApiVersions()
		_ = conn.Close()
		if err == nil {
			return nil
		}
		last = err
	}
	return &UnreachableError{Brokers: brokers, Err: shorten(last)}
}

// shorten leaves out the library's own wrappings, which repeat the address.
func shorten(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil && !strings.Contains(op.Err.Error(), "timeout") {
		return op.Err
	}
	return err
}

// Start fails when no broker answers, rather than let the first message find out. Producing works without it.
func (p *Producer) Start(ctx context.Context) error { return p.Ping(ctx) }

// Shutdown is Close within the bounds of ctx.
func (p *Producer) Shutdown(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- p.Close() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("close the producer: %w", ctx.Err())
	}
}

// Close waits for what is being written and lets the connections go. It may be called twice.
func (p *Producer) Close() error {
	var err error
	p.closeOnce.Do(func() {
		err = p.writer.Close()
		p.transport.CloseIdleConnections()
	})
	return err
}
