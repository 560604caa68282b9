// Package processor_test plays calls into Kafka while processors, ClickHouse and the broker are killed, and holds what is in
// ClickHouse at the end against what processors make of the same records that nobody disturbs: row by row, in every table,
// rollup and summary. Run it with make test-chaos; EARSHOT_CHAOS_SEED repeats a run.
package processor_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	engine "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/schemas/topic"
	"github.com/earshot-rtc/earshot/test/chaos/broker"
	"github.com/earshot-rtc/earshot/test/chaos/process"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	code := m.Run()
	process.Clean()
	os.Exit(code)
}

// kafkaBroker is one that can be killed, embedded or real.
type kafkaBroker interface {
	Addr() string
	Kill()
	Start()
}

const (
	samples    = "chaos.samples"
	dead       = "chaos.dead"
	partitions = 4
)

func TestWhateverIsKilledTheRowsAreThoseOfAnUndisturbedRun(t *testing.T) {
	process.RequireChaos(t)
	b := broker.Start(t, topic.Topic{Name: samples, Partitions: partitions}, topic.Topic{Name: dead, Partitions: 1})
	(&storm{t: t, broker: b, calls: 14, kills: 20, storeKills: 3, brokerKills: 3, leaves: 4, every: 2500 * time.Millisecond}).run()
}

func TestRealKafkaWhateverIsKilledTheRowsAreThoseOfAnUndisturbedRun(t *testing.T) {
	b := broker.RequireReal(t)
	b.WaitReady()
	require.Eventually(t, func() bool { // a broker that has just begun may not be able to yet
		return kafka.EnsureTopics(t.Context(), []string{b.Addr()}, []kafka.TopicSpec{
			{Name: samples, Partitions: partitions}, {Name: dead, Partitions: 1},
		}) == nil
	}, time.Minute, 100*time.Millisecond)
	(&storm{t: t, broker: b, calls: 12, kills: 8, storeKills: 1, brokerKills: 2, leaves: 1, every: 2500 * time.Millisecond}).run()
}

// storm is a time in which things are killed.
type storm struct {
	t      *testing.T
	broker kafkaBroker
	calls  int
	kills  int // of processors
	// of ClickHouse and the broker, and how often a processor leaves in good order and comes back
	storeKills, brokerKills, leaves int
	every                           time.Duration // between two of them, on average

	rand    *rand.Rand
	store   *store
	group   *group
	members []*member
}

func (s *storm) run() {
	t := s.t
	seed := uint64(time.Now().UnixNano() % 1_000_000)
	if v, err := strconv.ParseUint(os.Getenv("EARSHOT_CHAOS_SEED"), 10, 64); err == nil {
		seed = v
	}
	t.Logf("EARSHOT_CHAOS_SEED=%d repeats this run", seed)
	s.rand = rand.New(rand.NewPCG(seed, 1))
	brokers := []string{s.broker.Addr()}
	s.store = newStore(t)
	s.group = newGroup(t, "stormy", s.broker.Addr(), samples, dead, s.store.addr())

	// The times of records run ahead of the clock, so that only records, and a tick at the end, move time on.
	acts := s.acts()
	length := time.Duration(len(acts)) * s.every
	start := time.Now().Truncate(time.Second)
	records := callgen.Mix(seed, s.calls, start, 8*time.Minute, 40)
	s.members = []*member{s.group.join()}
	l := play(t.Context(), brokers, samples, records, length)
	for _, act := range acts {
		s.wait(time.Duration((0.4 + 1.2*s.rand.Float64()) * float64(s.every)))
		act()
	}
	t.Logf("the storm is over after %v: %d of %d records produced", time.Since(start).Round(time.Second), l.produced.Load(), len(records))
	for len(s.members) < 2 {
		s.members = append(s.members, s.group.join())
	}
	s.until(l.done)
	require.NoError(t, l.err)
	finish(t, brokers, samples, partitions, records[len(records)-1].Time.Add(10*time.Minute))

	calm := newGroup(t, "calm", s.broker.Addr(), samples, dead, s.store.addr())
	alone := calm.join()
	awaitEnd(t, s.broker.Addr(), samples, partitions, 5*time.Minute, "calm", "stormy")
	alone.leave()
	for _, m := range s.members {
		m.leave()
	}
	t.Logf("%d processors killed, %d left and came back, %d ended for want of Kafka or ClickHouse; ClickHouse killed %d times, the broker %d times; "+
		"%d batches were stored again", s.kills, s.leaves, s.group.ends, s.storeKills, s.brokerKills, s.group.said("a batch that was begun before"))
	require.Zero(t, calm.said("was begun before")+calm.ends, "the other run was undisturbed")
	if !same(t, s.store.open("calm"), s.store.open("stormy")) {
		keepLog(t, s.broker.Addr(), s.group)
	}
}

// acts is what happens, in an order that the seed decides.
func (s *storm) acts() []func() {
	acts := slices.Concat(
		slices.Repeat([]func(){s.killOne}, s.kills), slices.Repeat([]func(){s.killStore}, s.storeKills),
		slices.Repeat([]func(){s.killBroker}, s.brokerKills), slices.Repeat([]func(){s.leaveOne}, s.leaves),
	)
	s.rand.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	return acts
}

// pick is one of two processors, started before if there are fewer.
func (s *storm) pick() *member {
	for len(s.members) < 2 {
		s.members = append(s.members, s.group.join())
	}
	i := s.rand.IntN(2)
	m := s.members[i]
	s.members = append(s.members[:i], s.members[i+1:]...)
	return m
}

func (s *storm) killOne() {
	s.pick().kill()
	s.members = append(s.members, s.group.join())
}

func (s *storm) leaveOne() { s.pick().leave() } // the next act lets another join

func (s *storm) killStore() {
	s.store.kill()
	s.wait(time.Duration(s.rand.Int64N(int64(3 * time.Second))))
	s.store.start()
}

func (s *storm) killBroker() {
	s.broker.Kill()
	s.wait(time.Duration(s.rand.Int64N(int64(2 * time.Second))))
	s.broker.Start()
}

// wait lets time pass, and processors be started again that have ended by themselves.
func (s *storm) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	done := make(chan struct{})
	go func() { <-timer.C; close(done) }()
	s.until(done)
}

func (s *storm) until(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(100 * time.Millisecond):
			for _, m := range s.members {
				m.revive()
			}
		}
	}
}
