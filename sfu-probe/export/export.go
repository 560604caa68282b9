package export

import (
	"context"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Sink is what a probe needs of an exporter.
type Sink interface {
	Start(ctx context.Context) error
	// Shutdown waits until ctx ends for what was given to Send to be acknowledged.
	Shutdown(ctx context.Context) error
	// Send takes a copy of what it needs of the sample, and never blocks.
	Send(sample *earshotv1.Sample)
	// Clock is what to add to the local clock to have the collector's; nil while that is not known.
	Clock() *earshotv1.ClockOffset
	Stats() Stats
}

// Stats says what has become of samples.
type Stats struct {
	// SamplesSent counts samples written to a connection, those sent again included.
	SamplesSent uint64
	// SamplesAcked counts samples that the collector has made durable.
	SamplesAcked uint64
	// SamplesRefused counts samples that the collector would not have at all.
	SamplesRefused uint64
	// SamplesDropped counts samples that gave way to newer ones because the queue was full.
	SamplesDropped uint64
	// SamplesQueued and BytesQueued wait to be acknowledged now.
	SamplesQueued uint64
	BytesQueued   uint64
	// Connects counts connections made.
	Connects uint64
}

// Discard is a Sink that keeps nothing.
type Discard struct{}

// Start implements Sink.
func (Discard) Start(context.Context) error { return nil }

// Shutdown implements Sink.
func (Discard) Shutdown(context.Context) error { return nil }

// Send implements Sink.
func (Discard) Send(*earshotv1.Sample) {}

// Clock implements Sink.
func (Discard) Clock() *earshotv1.ClockOffset { return nil }

// Stats implements Sink.
func (Discard) Stats() Stats { return Stats{} }
