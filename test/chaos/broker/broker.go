// Package broker gives tests a Kafka broker that they can kill: a data directory and topics go in, the address of a broker in
// a process of its own comes out, which stays the same over every stop and start.
//
// The broker is internal/embedded/kafka. Topics, records and committed offsets survive kill -9.
package broker

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/schemas/topic"
	"github.com/earshot-rtc/earshot/test/chaos/process"
)

// Broker is the broker of one test. It is for one goroutine.
type Broker struct {
	t      testing.TB
	dir    string
	port   int
	topics []string // name:partitions
	child  *process.Process
}

// Start runs a broker with the given topics, or with those of schemas/topic where none are given, on a free port, and waits
// until it answers. It ends with the test.
func Start(t testing.TB, topics ...topic.Topic) *Broker {
	t.Helper()
	if len(topics) == 0 {
		topics = topic.Defaults()
	}
	b := &Broker{t: t, dir: t.TempDir(), port: FreePort(t)}
	for _, tp := range topics {
		b.topics = append(b.topics, tp.Name+":"+strconv.Itoa(tp.Partitions))
	}
	b.Start()
	return b
}

// Addr is host:port, whether the broker runs or not.
func (b *Broker) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port)) }

// Start runs the broker again, with what it had, and waits until it answers.
func (b *Broker) Start() {
	b.t.Helper()
	if b.child != nil {
		b.t.Fatal("the broker runs already")
	}
	b.child = process.Start(b.t, nil, process.Build(b.t, "./test/chaos/broker/serve"),
		"-data", b.dir, "-port", strconv.Itoa(b.port), "-topics", strings.Join(b.topics, ","))
	require.NoError(b.t, b.wait(5*time.Minute))
}

func (b *Broker) wait(patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &kafka.Transport{MetadataTTL: 50 * time.Millisecond}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(b.Addr()), Timeout: time.Second, Transport: transport}
	for {
		res, err := client.Metadata(ctx, &kafka.MetadataRequest{})
		if err == nil && len(res.Topics) >= len(b.topics) {
			return nil
		}
		select {
		case <-b.child.Done():
			return fmt.Errorf("the broker ended: %s", b.child.Output())
		case <-ctx.Done():
			return fmt.Errorf("the broker does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends the broker as kill -9 does.
func (b *Broker) Kill() {
	if b.child != nil {
		b.child.Kill()
		b.child = nil
	}
}

// Stop ends the broker in order.
func (b *Broker) Stop() {
	b.t.Helper()
	if b.child != nil {
		require.NoError(b.t, b.child.Terminate(b.t, 20*time.Second))
		b.child = nil
	}
}

// Freeze makes the broker hang: connections stay, and nothing answers, until Thaw.
func (b *Broker) Freeze() { b.child.Freeze() }

// Thaw ends Freeze.
func (b *Broker) Thaw() { b.child.Thaw() }

// FreePort is a port that the system has just given out and taken back.
func FreePort(t testing.TB) int {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	addr, err := netip.ParseAddrPort(ln.Addr().String())
	require.NoError(t, err)
	return int(addr.Port())
}
