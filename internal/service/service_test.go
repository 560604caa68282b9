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

func TestGroupStartsInOrderAndStopsInReverse(t *testing.T) {
	var log []string
	var g service.Group
	g.Add("a", &part{name: "a", log: &log})
	g.Add("b", &part{name: "b", log: &log})
	require.NoError(t, g.Start(t.Context()))
	require.NoError(t, g.Shutdown(t.Context()))
	require.NoError(t, g.Shutdown(t.Context()), "a second shutdown is harmless")
	require.Equal(t, []string{"start a", "start b", "stop b", "stop a"}, log)
}

func TestGroupStopsWhatRanWhenAMemberDoesNotStart(t *testing.T) {
	var log []string
	var g service.Group
	g.Add("a", &part{name: "a", log: &log})
	g.Add("b", &part{name: "b", log: &log, err: errors.New("no room")})
	g.Add("c", &part{name: "c", log: &log})
	require.EqualError(t, g.Start(t.Context()), "start b: no room")
	require.Equal(t, []string{"start a", "start b", "stop b", "stop a"}, log)
}

func TestGroupReportsAMemberThatDies(t *testing.T) {
	var log []string
	m := &mortal{part{name: "engine", log: &log, failed: make(chan struct{})}}
	var g service.Group
	g.Add("engine", m)
	require.NoError(t, g.Start(t.Context()))
	close(m.failed)
	require.EqualError(t, <-g.Failed(), "engine: killed")
	require.NoError(t, g.Shutdown(t.Context()))
}

func TestGroupShutdownWithoutStart(t *testing.T) {
	var g service.Group
	require.NoError(t, g.Shutdown(t.Context()))
}
