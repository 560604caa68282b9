package collector_test

import (
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// name is what makes a sample that one.
type name struct {
	source, session string
	sequence        uint64
}

func nameOf(s *earshotv1.Sample) name {
	return name{s.GetClient().GetClientId(), s.SessionId, s.Sequence}
}

// ledger is what the probes know.
type ledger struct {
	session string // of all its sources

	mu    sync.Mutex
	sent  map[name]int64 // when it was sampled
	acked map[name]bool
	// answers counts what posts came to: a status, or "no answer".
	answers map[string]int
}

func newLedger() *ledger {
	return &ledger{session: rand.Text(), sent: map[name]int64{}, acked: map[name]bool{}, answers: map[string]int{}}
}

func (l *ledger) send(samples ...*earshotv1.Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range samples {
		l.sent[nameOf(s)] = s.SampledAtUs
	}
}

func (l *ledger) ack(samples ...*earshotv1.Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range samples {
		l.acked[nameOf(s)] = true
	}
}

func (l *ledger) answered(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[what]++
}

func (l *ledger) answersOf(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answers[what]
}

func (l *ledger) figures() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d samples sent, %d acknowledged; answers to posts: %v", len(l.sent), len(l.acked), l.answers)
}

// compare holds what is in Kafka against what was acknowledged, and logs the figures.
func (l *ledger) compare(t *testing.T, records []kafka.Message) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := map[name]int{}
	last := map[name]uint64{} // of a source, as first seen
	total, strangers, disordered := 0, 0, 0
	for _, r := range records {
		s := &earshotv1.Sample{}
		require.NoError(t, s.UnmarshalVT(r.Value), "a record that is no sample: partition %d, offset %d", r.Partition, r.Offset)
		n := nameOf(s)
		if n.session != l.session { // of another test, on the same broker
			continue
		}
		total++
		if at, ok := l.sent[n]; !ok || at != s.SampledAtUs {
			strangers++
		}
		require.Equal(t, s.CallId, string(r.Key))
		require.Equal(t, s.GetReceipt().GetReceivedAtUs()/1000, r.Time.UnixMilli(), "a record keeps its time of receipt")
		if seen[n]++; seen[n] == 1 && isPoster(n.source) {
			source := name{source: n.source, session: n.session}
			if n.sequence < last[source] {
				disordered++
			}
			last[source] = n.sequence
		}
	}
	lost := 0
	for n := range l.acked {
		if seen[n] == 0 {
			if lost++; lost <= 5 {
				t.Errorf("acknowledged, but not in Kafka: %+v", n)
			}
		}
	}
	unacked := 0
	for n := range seen {
		if !l.acked[n] {
			unacked++
		}
	}
	t.Logf("%d sent, %d acknowledged; Kafka has %d records, %d distinct samples, %d repeats (%.2f%%), %d of them never acknowledged; answers to posts: %v",
		len(l.sent), len(l.acked), total, len(seen), total-len(seen), 100*float64(total-len(seen))/float64(total), unacked, l.answers)
	require.Zero(t, lost, "acknowledged samples are not in Kafka")
	require.Zero(t, strangers, "samples in Kafka that nobody sent")
	require.Zero(t, disordered, "samples of a source that come before an earlier one")
	require.Zero(t, unacked, "the probes send until they have their acknowledgement")
	require.Len(t, seen, len(l.acked))
	require.Len(t, l.sent, len(l.acked))
}
