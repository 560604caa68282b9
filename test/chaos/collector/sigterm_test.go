package collector_test

import (
	"bytes"
	"context"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
	"github.com/earshot-rtc/earshot/test/chaos/broker"
	"github.com/earshot-rtc/earshot/test/chaos/process"
)

// A Kafka that nobody has prepared, and that is away when the collector starts for the first time.
func TestTheCollectorMayStartBeforeKafka(t *testing.T) {
	process.RequireChaos(t)
	kafka := broker.Start(t, topic.Topic{Name: "other", Partitions: 1})
	kafka.Kill()
	svc := newService(t, kafka.Addr(), "after: 1s")
	svc.start()
	probes := start(t, svc.addr, seed(t), 2, 2, 50*time.Millisecond)
	time.Sleep(3 * time.Second)
	require.Positive(t, probes.ledger.answersOf("202"), probes.ledger.figures())
	kafka.Start()
	svc.drained()
	probes.finish(t)
	svc.drained()
	svc.stop()
	require.Zero(t, probes.ledger.answersOf("503"))
	probes.ledger.compare(t, kafka.Read(topic.Samples))
}

// SIGTERM comes while Kafka hangs and samples wait for it: probes get their acknowledgements, sockets are closed with 1001,
// and meanwhile the service says that it is not ready.
func TestSIGTERMWithWorkUnderWay(t *testing.T) {
	process.RequireChaos(t)
	kafka := broker.Start(t)
	svc := newService(t, kafka.Addr(), "after: 3s")
	svc.start()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l := newLedger()
	conn, _, err := websocket.Dial(ctx, "ws://"+svc.addr+"/v1/stream", nil) //nolint:bodyclose // the library closes it
	require.NoError(t, err)
	defer conn.CloseNow() //nolint:errcheck // it is closed by then
	kafka.Freeze()
	t.Cleanup(kafka.Thaw)

	streamed := sample("probe-0", l.session, 1)
	l.send(streamed)
	frame, err := (&earshotv1.ClientFrame{Sample: streamed}).MarshalVT()
	require.NoError(t, err)
	require.NoError(t, conn.Write(ctx, websocket.MessageBinary, frame))
	posted := &earshotv1.SampleBatch{Samples: []*earshotv1.Sample{sample(posterPrefix+"0", l.session, 1), sample(posterPrefix+"0", l.session, 2)}}
	l.send(posted.Samples...)
	body, err := posted.MarshalVT()
	require.NoError(t, err)
	answered := make(chan bool, 1)
	go func() {
		answered <- (&load{ledger: l, addr: svc.addr}).once(http.DefaultClient, bytes.Clone(body), posted)
	}()
	time.Sleep(time.Second)
	require.NoError(t, syscall.Kill(svc.child.PID(), syscall.SIGTERM))
	require.Eventually(t, func() bool {
		res, err := http.Get("http://" + svc.admin + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusServiceUnavailable
	}, 2*time.Second, 20*time.Millisecond, "not ready while it drains")

	kind, data, err := conn.Read(ctx)
	require.NoError(t, err, "the acknowledgement comes first")
	require.Equal(t, websocket.MessageBinary, kind)
	answer := &earshotv1.ServerFrame{}
	require.NoError(t, answer.UnmarshalVT(data))
	require.EqualValues(t, 1, answer.GetAck().GetSequence())
	l.ack(streamed)
	_, _, err = conn.Read(ctx)
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
	require.True(t, <-answered, l.figures())
	l.ack(posted.Samples...)
	select {
	case <-svc.child.Done():
		require.NoError(t, svc.child.Err(), svc.child.Output())
	case <-ctx.Done():
		require.Fail(t, "the collector does not end", svc.child.Output())
	}

	kafka.Thaw()
	svc.start()
	svc.drained()
	svc.stop()
	l.compare(t, kafka.Read(topic.Samples))
}
