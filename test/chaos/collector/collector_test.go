// Package collector_test kills the collector and its Kafka under load and holds what Kafka has in the end against what
// was acknowledged. Run it with make test-chaos.
package collector_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/schemas/topic"
	"github.com/earshot-rtc/earshot/test/chaos/broker"
	"github.com/earshot-rtc/earshot/test/chaos/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Clean()
	os.Exit(code)
}

// seed repeats a run, as far as timing can be repeated.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := uint64(1)
	if v := os.Getenv("EARSHOT_CHAOS_SEED"); v != "" {
		var err error
		s, err = strconv.ParseUint(v, 10, 64)
		require.NoError(t, err, "EARSHOT_CHAOS_SEED")
	}
	t.Logf("EARSHOT_CHAOS_SEED=%d", s)
	return s
}

// brokers is a Kafka that can be taken away.
type brokers interface {
	Addr() string
	Kill()
	Stop()
	Start()
}

func TestAcknowledgedSamplesSurviveAnOutageOfKafkaAndKillsOfTheCollector(t *testing.T) {
	process.RequireChaos(t)
	outage(t, broker.Start(t))
}

func TestRealKafkaAcknowledgedSamplesSurviveAnOutageAndKillsOfTheCollector(t *testing.T) {
	outage(t, broker.RequireReal(t))
}

func outage(t *testing.T, kafka brokers) {
	s := seed(t)
	dice := rand.New(rand.NewPCG(s, 99))
	svc := newService(t, kafka.Addr(), "bytes: 268435456, segment_bytes: 1048576, after: 2s")
	svc.start()
	probes := start(t, svc.addr, s, 6, 8, 60*time.Millisecond)
	time.Sleep(5 * time.Second)
	svc.drained() // a real Kafka that has just created the topic may have sent something there
	require.Positive(t, probes.ledger.answersOf("202"), probes.ledger.figures())

	t.Log("Kafka is killed")
	before := svc.metric("earshot_collector_spool_appended_total")
	kafka.Kill()
	away := time.Now()
	require.Eventually(t, func() bool { return svc.metric("earshot_collector_spool_appended_total") > before }, 5*time.Second, 50*time.Millisecond,
		"%s\n%s", probes.ledger.figures(), svc.child.Output())
	time.Sleep(8*time.Second + time.Duration(dice.IntN(8000))*time.Millisecond)
	require.Equal(t, 1.0, svc.metric("earshot_collector_spool_active"), probes.ledger.figures())
	held := svc.metric("earshot_collector_spool_messages")
	require.Positive(t, held)
	t.Logf("the collector is killed with %.0f messages in the spool; %s", held, probes.ledger.figures())
	svc.child.Kill()
	time.Sleep(time.Duration(dice.IntN(2000)) * time.Millisecond)
	svc.start()
	svc.ready()
	require.GreaterOrEqual(t, svc.metric("earshot_collector_spool_messages"), held, "what it held it holds again, though Kafka is still away")

	time.Sleep(time.Until(away.Add(30 * time.Second)))
	t.Logf("Kafka comes back; %.0f messages wait", svc.metric("earshot_collector_spool_messages"))
	kafka.Start()
	for svc.metric("earshot_collector_spool_drained_total") <= 0 {
		time.Sleep(time.Millisecond)
	}
	svc.child.Kill()
	t.Log("the collector was killed while it drained")
	svc.start()
	svc.drained()
	time.Sleep(2 * time.Second)
	t.Log("Kafka is stopped for a second")
	kafka.Stop()
	time.Sleep(time.Second)
	kafka.Start()
	time.Sleep(3 * time.Second)

	probes.finish(t)
	svc.drained()
	svc.stop()
	probes.ledger.compare(t, broker.Read(t, kafka.Addr(), topic.Samples))
}

func TestATinySpoolFillsAndNothingAcknowledgedIsLost(t *testing.T) {
	process.RequireChaos(t)
	s := seed(t)
	kafka := broker.Start(t)
	svc := newService(t, kafka.Addr(), "bytes: 2097152, segment_bytes: 131072, after: 1s", "queue: {slice_bytes: 262144}")
	svc.start()
	probes := start(t, svc.addr, s, 6, 4, 30*time.Millisecond)
	time.Sleep(2 * time.Second)
	require.Zero(t, probes.ledger.answersOf("503"))

	kafka.Kill()
	time.Sleep(6 * time.Second)
	require.Positive(t, probes.ledger.answersOf("503"), "the spool is full")
	require.Positive(t, svc.metric("earshot_collector_spool_refused_total"))
	require.Equal(t, 503, svc.get("/readyz"), "no more traffic, please")
	require.LessOrEqual(t, svc.metric("earshot_collector_spool_bytes"), 2097152.0)
	svc.child.Kill()
	svc.start()
	time.Sleep(2 * time.Second)
	kafka.Start()
	svc.drained()
	refused := probes.ledger.answersOf("503")
	time.Sleep(2 * time.Second)
	require.Equal(t, refused, probes.ledger.answersOf("503"), "drained, it refuses nothing any more")
	svc.ready()

	probes.finish(t)
	svc.drained()
	svc.stop()
	require.Zero(t, probes.ledger.answersOf("503 without Retry-After"))
	probes.ledger.compare(t, broker.Read(t, kafka.Addr(), topic.Samples))
}

func TestSIGTERMUnderLoadLosesNothing(t *testing.T) {
	process.RequireChaos(t)
	s := seed(t)
	kafka := broker.Start(t)
	svc := newService(t, kafka.Addr(), "after: 1s")
	svc.start()
	probes := start(t, svc.addr, s, 4, 20, 20*time.Millisecond)
	for range 3 {
		time.Sleep(2 * time.Second)
		began := time.Now()
		svc.stop()
		t.Logf("stopped within %s", time.Since(began).Round(time.Millisecond))
		require.Less(t, time.Since(began), 10*time.Second)
		svc.start()
	}
	// And without Kafka.
	kafka.Stop()
	time.Sleep(2 * time.Second)
	svc.stop()
	svc.start()
	kafka.Start()

	probes.finish(t)
	svc.drained()
	svc.stop()
	probes.ledger.compare(t, broker.Read(t, kafka.Addr(), topic.Samples))
}

// A broker that hangs is worse than one that is gone: nothing says so, and what was written before it hung may still be
// written after.
func TestKafkaHangsUnderLoad(t *testing.T) {
	process.RequireChaos(t)
	hang(t, broker.Start(t))
}

func TestRealKafkaHangsUnderLoad(t *testing.T) {
	hang(t, broker.RequireReal(t))
}

func hang(t *testing.T, kafka interface {
	brokers
	Freeze()
	Thaw()
},
) {
	s := seed(t)
	svc := newService(t, kafka.Addr(), "after: 2s")
	svc.start()
	probes := start(t, svc.addr, s, 6, 8, 60*time.Millisecond)
	time.Sleep(3 * time.Second)
	kafka.Freeze()
	t.Cleanup(kafka.Thaw)
	time.Sleep(8 * time.Second)
	require.Positive(t, svc.metric("earshot_collector_spool_messages"))
	require.Equal(t, 1.0, svc.metric("earshot_collector_spool_kafka_away"))
	t.Logf("%.0f messages wait", svc.metric("earshot_collector_spool_messages"))
	kafka.Thaw()
	svc.drained()
	time.Sleep(2 * time.Second)

	probes.finish(t)
	svc.drained()
	svc.stop()
	require.Zero(t, probes.ledger.answersOf("503"))
	probes.ledger.compare(t, broker.Read(t, kafka.Addr(), topic.Samples))
}
