package plan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/topology"
)

const ms = time.Millisecond

func parse(t *testing.T, doc string) *topology.Topology {
	t.Helper()
	top, err := topology.Parse("t.yaml", []byte(doc))
	require.NoError(t, err)
	return top
}

const cascade = `
sfus: [{id: fra}, {id: iad}, {id: nrt}]
links: [{between: [fra, iad], delay_ms: 45}, {between: [iad, nrt], delay_ms: [75, 80]}]
clients:
- {id: ana, sfu: fra, delay_ms: 12, publish: [audio, video]}
- {id: bo, sfu: iad, delay_ms: [20, 25], publish: [audio]}
- {id: chi, sfu: nrt, delay_ms: 8}
`

// show writes paths one a line: publisher>subscriber kind sfus rtt.
func show(s *plan.State) string {
	var b strings.Builder
	for _, p := range s.Paths() {
		fmt.Fprintf(&b, "%s>%s %s %s %s", p.Publisher, p.Subscriber, p.Kind, strings.Join(p.SFUs, "-"), p.RTT())
		if p.Muted {
			b.WriteString(" muted")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestPathsOfACascade(t *testing.T) {
	s := plan.New(parse(t, cascade))
	require.Equal(t, `bo>ana audio iad-fra 159ms
ana>bo audio fra-iad 159ms
ana>bo video fra-iad 159ms
ana>chi audio fra-iad-nrt 285ms
ana>chi video fra-iad-nrt 285ms
bo>chi audio iad-nrt 216ms
`, show(s))
	require.Equal(t, []plan.Hop{{From: "ana", To: "fra", RTT: 24 * ms}, {From: "fra", To: "iad", RTT: 90 * ms}, {From: "iad", To: "nrt", RTT: 155 * ms}, {From: "nrt", To: "chi", RTT: 16 * ms}}, s.Paths()[3].Hops)
}

func TestEventsChangePaths(t *testing.T) {
	delay := func(there, back time.Duration) *topology.Delay { return &topology.Delay{There: there, Back: back} }
	for name, tc := range map[string]struct {
		events []topology.Event
		want   string // the paths of chi
	}{
		"link, from its other end": {[]topology.Event{{SetDelay: &topology.SetDelay{Link: []string{"nrt", "iad"}, Delay: delay(1*ms, 2*ms)}}},
			"ana>chi audio fra-iad-nrt 133ms\nana>chi video fra-iad-nrt 133ms\nbo>chi audio iad-nrt 64ms\n"},
		"client": {[]topology.Event{{SetDelay: &topology.SetDelay{Client: "bo", Delay: delay(1*ms, 2*ms)}}},
			"ana>chi audio fra-iad-nrt 285ms\nana>chi video fra-iad-nrt 285ms\nbo>chi audio iad-nrt 174ms\n"},
		"move": {[]topology.Event{{Move: &topology.Move{Client: "bo", To: "nrt"}}},
			"ana>chi audio fra-iad-nrt 285ms\nana>chi video fra-iad-nrt 285ms\nbo>chi audio nrt 61ms\n"},
		"mute": {[]topology.Event{{Mute: &topology.OfTrack{Client: "bo", Kind: topology.Audio}}},
			"ana>chi audio fra-iad-nrt 285ms\nana>chi video fra-iad-nrt 285ms\nbo>chi audio iad-nrt 216ms muted\n"},
		"unmute": {[]topology.Event{{Mute: &topology.OfTrack{Client: "bo", Kind: topology.Audio}}, {Unmute: &topology.OfTrack{Client: "bo", Kind: topology.Audio}}},
			"ana>chi audio fra-iad-nrt 285ms\nana>chi video fra-iad-nrt 285ms\nbo>chi audio iad-nrt 216ms\n"},
		"leave": {[]topology.Event{{Leave: &topology.OfClient{Client: "ana"}}},
			"bo>chi audio iad-nrt 216ms\n"},
		"join again": {[]topology.Event{{Leave: &topology.OfClient{Client: "bo"}}, {Join: &topology.OfClient{Client: "bo"}}},
			"ana>chi audio fra-iad-nrt 285ms\nana>chi video fra-iad-nrt 285ms\nbo#2>chi audio iad-nrt 216ms\n"},
		"SFU down": {[]topology.Event{{RestartSFU: &topology.OfSFU{SFU: "fra"}}},
			"bo>chi audio iad-nrt 216ms\n"},
		"SFU up again": {[]topology.Event{{RestartSFU: &topology.OfSFU{SFU: "fra"}}, {Started: &topology.OfSFU{SFU: "fra"}}},
			"ana>chi audio fra-iad-nrt 285ms\nana>chi video fra-iad-nrt 285ms\nbo>chi audio iad-nrt 216ms\n"},
		"ICE restart changes none": {[]topology.Event{{ICERestart: &topology.OfClient{Client: "bo"}}},
			"ana>chi audio fra-iad-nrt 285ms\nana>chi video fra-iad-nrt 285ms\nbo>chi audio iad-nrt 216ms\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := plan.New(parse(t, cascade))
			for _, e := range tc.events {
				s.Apply(e)
			}
			var of strings.Builder
			for line := range strings.Lines(show(s)) {
				if strings.Contains(line, ">chi ") {
					of.WriteString(line)
				}
			}
			require.Equal(t, tc.want, of.String())
		})
	}
}

func TestInstancesTellRenewedTransportsApart(t *testing.T) {
	s := plan.New(parse(t, cascade))
	before := s.Paths()
	s.Apply(topology.Event{Move: &topology.Move{Client: "bo", To: "nrt"}})
	s.Apply(topology.Event{Move: &topology.Move{Client: "bo", To: "iad"}})
	s.Apply(topology.Event{RestartSFU: &topology.OfSFU{SFU: "fra"}})
	s.Apply(topology.Event{Started: &topology.OfSFU{SFU: "fra"}})
	after := s.Paths()
	require.Len(t, after, len(before))
	for i := range after {
		require.Equal(t, before[i].SFUs, after[i].SFUs)
		require.NotEqual(t, before[i].Instance, after[i].Instance)
	}
}

func TestPeerToPeerIsOneHopOverBothDelays(t *testing.T) {
	s := plan.New(parse(t, "p2p: true\nclients: [{id: a, delay_ms: [5, 6], publish: [audio]}, {id: b, delay_ms: 20, publish: [audio], subscribe: []}]\n"))
	require.Equal(t, "b>a audio  51ms\n", show(s))
	require.Equal(t, []plan.Hop{{From: "b", To: "a", RTT: 51 * ms}}, s.Paths()[0].Hops)
}

func TestRoutesAreShortestInTheDirectionOfTravel(t *testing.T) {
	s := plan.New(parse(t, `
sfus: [{id: a}, {id: b}, {id: c}]
links: [{between: [a, c], delay_ms: [50, 10]}, {between: [a, b], delay_ms: 20}, {between: [b, c], delay_ms: 20}]
clients: [{id: x, sfu: a}]
`))
	require.Equal(t, []string{"a", "b", "c"}, s.TreeFrom("a").Route("c"), "20 + 20 is less than 50")
	require.Equal(t, []string{"c", "a"}, s.TreeFrom("c").Route("a"), "10 is less than 20 + 20")
	s.Apply(topology.Event{SetDelay: &topology.SetDelay{Link: []string{"a", "c"}, Delay: &topology.Delay{There: 40 * ms, Back: 40 * ms}}})
	require.Equal(t, []string{"a", "c"}, s.TreeFrom("a").Route("c"), "of two equally long ways the one over fewer SFUs")
	require.Equal(t, []string{"a"}, s.TreeFrom("a").Route("a"))
}

// TestRoutesMatchExhaustiveSearch compares with all simple ways of random graphs.
func TestRoutesMatchExhaustiveSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		n := 2 + r.IntN(5)
		top := &topology.Topology{}
		for i := range n {
			top.SFUs = append(top.SFUs, topology.SFU{ID: string(rune('a' + i))})
		}
		for i := range n {
			for j := range i {
				if j == i-1 || r.IntN(2) == 0 {
					top.Links = append(top.Links, topology.Link{
						Between: []string{top.SFUs[i].ID, top.SFUs[j].ID},
						Delay:   topology.Delay{There: time.Duration(1+r.IntN(20)) * ms, Back: time.Duration(1+r.IntN(20)) * ms},
					})
				}
			}
		}
		s := plan.New(top)
		oneWay := func(from, to string) time.Duration {
			l := s.Links[top.Link(from, to)]
			if l.A == from {
				return l.Delay.There
			}
			return l.Delay.Back
		}
		var search func(at, to string, seen string) time.Duration
		search = func(at, to, seen string) time.Duration {
			if at == to {
				return 0
			}
			best := time.Hour
			for _, u := range top.SFUs {
				if top.Link(at, u.ID) >= 0 && !strings.Contains(seen, u.ID) {
					best = min(best, oneWay(at, u.ID)+search(u.ID, to, seen+u.ID))
				}
			}
			return best
		}
		for _, from := range top.SFUs {
			tree := s.TreeFrom(from.ID)
			for _, to := range top.SFUs {
				route := tree.Route(to.ID)
				var got time.Duration
				for i := 1; i < len(route); i++ {
					got += oneWay(route[i-1], route[i])
				}
				require.Equal(t, search(from.ID, to.ID, from.ID), got)
			}
		}
	}
}
