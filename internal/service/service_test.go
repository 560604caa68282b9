package service_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type part struct {
	name   string
	log    *[]string
	err    error
	failed chan struct{}
}

func (p *part) Start(context.Context) error {
	*p.log = append(*p.log, "start "+p.name)
	return p.err
}

func (p *part) Shutdown(context.Context) error {
	*p.log = append(*p.log, "stop "+p.name)
	return nil
}

type mortal struct{ part }

func (m *mortal) Failed() <-chan struct{} { return m.failed }
func (m *mortal) Err() error              { return errors.New("killed") }

func TestGroupStopsInReverse(t *testing.T) {
	var log []string
	g := service.NewGroup()
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, g.Start(t.Context(), name, &part{name: name, log: &log}))
	}
	require.NoError(t, g.Stop(t.Context(), "c"))
	require.NoError(t, g.Stop(t.Context(), "nobody"))
	require.NoError(t, g.Shutdown(t.Context()))
	require.NoError(t, g.Shutdown(t.Context()), "a second shutdown is harmless")
	require.Equal(t, []string{"start a", "start b", "start c", "stop c", "stop b", "stop a"}, log)
}

func TestGroupClearsAwayAComponentThatDoesNotStart(t *testing.T) {
	var log []string
	g := service.NewGroup()
	require.NoError(t, g.Start(t.Context(), "a", &part{name: "a", log: &log}))
	require.EqualError(t, g.Start(t.Context(), "b", &part{name: "b", log: &log, err: errors.New("no room")}), "start b: no room")
	require.NoError(t, g.Shutdown(t.Context()))
	require.Equal(t, []string{"start a", "start b", "stop b", "stop a"}, log)
}

func TestGroupReportsTheFirstDeath(t *testing.T) {
	var log []string
	g := service.NewGroup()
	first := &mortal{part{name: "engine", log: &log, failed: make(chan struct{})}}
	second := &mortal{part{name: "broker", log: &log, failed: make(chan struct{})}}
	require.NoError(t, g.Start(t.Context(), "engine", first))
	require.NoError(t, g.Start(t.Context(), "broker", second))
	close(first.failed)
	require.EqualError(t, <-g.Failed(), "engine: killed")
	close(second.failed)
	require.NoError(t, g.Shutdown(t.Context()))
}
