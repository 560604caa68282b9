// Package querytest makes calls to ask about: a call and a span of windows come in, rows as the processor writes them go into
// the store. The figures wander a little and are the same on every run.
package querytest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// Window is the length of the windows, MoveAt the window in which bo, who sat at iad, sits at nrt.
const (
	Window = 5 * time.Second
	MoveAt = 24
)

// Call is a call of five clients at three SFUs. chi only receives; the link iad-nrt is not measured for bo's video, so that
// these paths are partial while they use it; eli's hop to fra is imputed every seventh window.
//
// Everybody joins as the call begins; bo restarts ICE when moving. In every fourth window, the last of them, chi's downlink is to
// blame for all that chi receives.
type Call struct {
	ID     string
	Start  time.Time // on the grid of windows
	Tenant string
}

type client struct {
	id, sfu string
	rtt     float64
	publish []string
}

// person is what a client says of itself with every sample.
type person struct {
	user, app, browser, network, country string
	asn                                  uint32
	candidate, protocol                  string
	relay                                bool
	ip                                   uint8
	connectMs                            uint32
	receive, send                        uint64 // bit/s
}

var people = map[string]person{
	"ana": {"ana@example.org", "1.2.0", "Chrome 131", "wifi", "DE", 3320, "host", "udp", false, 4, 180, 5_000_000, 1_800_000},
	"bo":  {"bo@example.org", "1.2.0", "Firefox 133", "ethernet", "US", 7922, "srflx", "udp", false, 6, 240, 3_500_000, 1_700_000},
	"chi": {"chi@example.org", "1.1.0", "Safari 18", "cellular", "JP", 2516, "relay", "tcp", true, 4, 900, 2_000_000, 60_000},
	"dee": {"dee@example.org", "1.1.0", "Chrome 131", "wifi", "JP", 2516, "host", "udp", false, 4, 150, 4_200_000, 90_000},
	"eli": {"eli@example.org", "1.2.0", "Chrome 130", "wifi", "DE", 3320, "relay", "udp", true, 4, 420, 3_900_000, 90_000},
}

var (
	regions = map[string]string{"fra": "eu-central", "iad": "us-east", "nrt": "ap-northeast"}
	between = map[string]float64{"fra-iad": 90, "iad-nrt": 155}
	line    = []string{"fra", "iad", "nrt"}
)

func clients(window int) []client {
	bo := client{"bo", "iad", 40, []string{"audio", "video"}}
	if window >= MoveAt {
		bo.sfu, bo.rtt = "nrt", 52
	}
	return []client{
		{"ana", "fra", 24, []string{"audio", "video"}},
		bo,
		{"chi", "nrt", 16, nil},
		{"dee", "nrt", 31, []string{"audio"}},
		{"eli", "fra", 62, []string{"audio"}},
	}
}

// Insert writes the windows first to first+count-1 of the call, with the samples and links that belong to them.
func (c Call) Insert(ctx context.Context, db *clickhouse.DB, first, count int) error {
	var (
		tracks  []track
		links   []link
		samples []sample
		events  []event
	)
	for w := first; w < first+count; w++ {
		tracks = append(tracks, c.tracks(w)...)
		links = append(links, c.links(w)...)
		samples = append(samples, c.samples(w)...)
		events = append(events, c.events(w)...)
	}
	token := fmt.Sprintf("%s:%s:%d-%d", c.Tenant, c.ID, first, count)
	for table, columns := range map[string][]clickhouse.Column{
		"samples": c.of(sampleColumns(samples), len(samples)), "hops": c.of(linkColumns(links), len(links)),
		"e2e": c.of(trackColumns(tracks), len(tracks)), "events": c.of(eventColumns(events), len(events)),
	} {
		if columns == nil {
			continue
		}
		if err := db.Insert(ctx, table, token, columns); err != nil {
			return err
		}
	}
	return nil
}

// of says whose the rows are.
func (c Call) of(columns []clickhouse.Column, rows int) []clickhouse.Column {
	if rows == 0 {
		return nil
	}
	same := func(text string) []string { return slices.Repeat([]string{text}, rows) }
	return append(columns, clickhouse.Column{Name: "call_id", Values: same(c.ID)}, clickhouse.Column{Name: "tenant", Values: same(c.Tenant)})
}

func (c Call) events(w int) []event {
	var out []event
	if w == 0 {
		for i, cl := range clients(0) {
			out = append(out, event{c.Start.Add(time.Duration(i) * time.Second), cl.id, "join"})
		}
	}
	if w == MoveAt {
		out = append(out, event{c.Start.Add(MoveAt * Window), "bo", "ice_restart"})
	}
	return out
}

// wander is a small deviation from 0 to 1 that depends on what and when, and on nothing else.
func wander(what string, window int) float64 {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s/%d", what, window) // a hash takes everything
	slow := 0.5 + 0.5*math.Sin(float64(window)/17+float64(len(what)))
	return 0.4*slow + 0.6*float64(h.Sum32()%1000)/1000
}

// route is the SFUs from one to another along the line.
func route(from, to string) []string {
	index := func(sfu string) int {
		for i, s := range line {
			if s == sfu {
				return i
			}
		}
		return -1
	}
	path := []string{from}
	for i, j := index(from), index(to); i != j; {
		if i < j {
			i++
		} else {
			i--
		}
		path = append(path, line[i])
	}
	return path
}

func rttBetween(a, b string) float64 { return between[a+"-"+b] + between[b+"-"+a] }

func (c Call) tracks(w int) []track {
	var out []track
	start := c.Start.Add(time.Duration(w) * Window)
	all := clients(w)
	for p, pub := range all {
		for _, kind := range pub.publish {
			for s, sub := range all {
				if s == p {
					continue
				}
				t := track{start: start, publisher: pub.id, subscriber: sub.id, kind: kind, epoch: c.Start, ssrc: uint32(1000*p + 10*s + len(kind))}
				if w >= MoveAt && (pub.id == "bo" || sub.id == "bo") {
					t.epoch = c.Start.Add(MoveAt * Window)
				}
				t.route(pub, sub, w)
				out = append(out, t)
			}
		}
	}
	return out
}

func (c Call) links(w int) []link {
	start := c.Start.Add(time.Duration(w) * Window)
	ends := clients(w)
	out := make([]link, 0, len(ends)+len(line)-1)
	for _, cl := range ends {
		rtt := cl.rtt + 2*wander(cl.id+cl.sfu, w)
		out = append(out, link{start, "client", cl.id, "", "sfu", cl.sfu, regions[cl.sfu], rtt, "rtcp_rr"})
	}
	for i := range line[1:] {
		a, b := line[i], line[i+1]
		out = append(out, link{start, "sfu", a, regions[a], "sfu", b, regions[b], rttBetween(a, b) + 3*wander(a+b, w), "rtcp_rr"})
	}
	return out
}

func (c Call) samples(w int) []sample {
	at := c.Start.Add(time.Duration(w)*Window + Window/2)
	ends := clients(w)
	out := make([]sample, 0, len(ends)+len(line))
	for _, cl := range ends {
		out = append(out, sample{at, "client", cl.id, uint64(w), cl.id == "dee" && w%10 == 9})
	}
	for _, s := range line {
		out = append(out, sample{at, "sfu", s, uint64(w), false})
	}
	return out
}
