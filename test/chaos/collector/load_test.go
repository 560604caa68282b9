package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

// load is probes that send until they are told to stop, and send again until they have their acknowledgement.
type load struct {
	ledger *ledger
	addr   string
	seed   uint64
	stop   chan struct{}
	posts  sync.WaitGroup
	probes sync.WaitGroup
}

const posterPrefix = "poster-"

func isPoster(source string) bool { return strings.HasPrefix(source, posterPrefix) }

// start runs posters, each a post after the other, and probes with a WebSocket each.
func start(t *testing.T, addr string, seed uint64, posters, probes int, pause time.Duration) *load {
	l := &load{ledger: newLedger(), addr: addr, seed: seed, stop: make(chan struct{})}
	for i := range posters {
		l.posts.Go(func() { l.post(i, pause) })
	}
	for i := range probes {
		l.probes.Go(func() { l.stream(t, i) })
	}
	return l
}

// sample is about two kilobytes, as that of an SFU or of a client in a larger call.
func sample(source, session string, sequence uint64) *earshotv1.Sample {
	s := &earshotv1.Sample{
		Client: &earshotv1.ClientOrigin{ClientId: source, AppVersion: "chaos", Browser: "Chrome"},
		CallId: "call-of-" + source, SessionId: session, Sequence: sequence,
		SampledAtUs: time.Now().UnixMicro(), IntervalUs: 100_000,
		Transports: []*earshotv1.Transport{{TransportId: "t"}},
	}
	for i := range 24 {
		s.Streams = append(s.Streams, &earshotv1.Stream{
			TransportId: "t", Direction: 1, Ssrc: uint32(1000 + i), TrackId: fmt.Sprintf("track-%02d-%s-%d", i, session, sequence),
		})
	}
	return s
}

func (l *load) stopped() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// post sends bodies over HTTP, each until it is taken.
func (l *load) post(i int, pause time.Duration) {
	dice := rand.New(rand.NewPCG(l.seed, uint64(i)))
	source, session := fmt.Sprintf("%s%d", posterPrefix, i), l.ledger.session
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	sequence := uint64(0)
	for !l.stopped() {
		batch := &earshotv1.SampleBatch{}
		for range 1 + dice.IntN(20) {
			sequence++
			batch.Samples = append(batch.Samples, sample(source, session, sequence))
		}
		body, err := batch.MarshalVT()
		if err != nil {
			panic(err)
		}
		l.ledger.send(batch.Samples...)
		for !l.once(client, body, batch) {
			time.Sleep(time.Duration(100+dice.IntN(200)) * time.Millisecond)
		}
		l.ledger.ack(batch.Samples...)
		time.Sleep(pause/2 + time.Duration(dice.Int64N(int64(pause))))
	}
}

func (l *load) once(client *http.Client, body []byte, batch *earshotv1.SampleBatch) bool {
	res, err := client.Post("http://"+l.addr+"/v1/samples", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		l.ledger.answered("no answer")
		return false
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.ledger.answered("no answer")
		return false
	}
	l.ledger.answered(strconv.Itoa(res.StatusCode))
	if res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "" {
		l.ledger.answered("503 without Retry-After")
	}
	var answer struct{ Accepted int }
	return res.StatusCode == http.StatusAccepted && json.Unmarshal(text, &answer) == nil && answer.Accepted == len(batch.Samples)
}

// stream sends samples over a WebSocket with the probe's own exporter.
func (l *load) stream(t *testing.T, i int) {
	source, session := fmt.Sprintf("probe-%d", i), l.ledger.session
	e, err := export.New(export.Config{URL: "ws://" + l.addr + "/v1/stream", MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second, QueueBytes: 256 << 20}, export.Dependencies{})
	if err != nil {
		t.Error(err)
		return
	}
	if err := e.Start(context.Background()); err != nil {
		t.Error(err)
		return
	}
	var all []*earshotv1.Sample
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for sequence := uint64(1); !l.stopped(); sequence++ {
		s := sample(source, session, sequence)
		l.ledger.send(s)
		e.Send(s)
		all = append(all, s)
		<-tick.C
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := e.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	stats := e.Stats()
	if stats.SamplesDropped != 0 || stats.SamplesRefused != 0 || int(stats.SamplesAcked) != len(all) {
		t.Errorf("%s: %d samples, but %+v", source, len(all), stats)
	}
	// Each has its acknowledgement now; which had it when, the exporter does not tell.
	l.ledger.ack(all...)
}

// finish stops the probes once all they have sent is acknowledged.
func (l *load) finish(t *testing.T) {
	t.Helper()
	close(l.stop)
	done := make(chan struct{})
	go func() {
		l.posts.Wait()
		l.probes.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(90 * time.Second):
		require.FailNow(t, "the probes do not get their acknowledgements", l.ledger.figures())
	}
}
