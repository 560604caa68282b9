// Package querytest makes calls to ask about: a call and a span of windows come in, rows as the processor writes them go into
// the store. The figures wander a little and are the same on every run.
package querytest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
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
type Call struct {
	ID    string
	Start time.Time // on the grid of windows
}

type client struct {
	id, sfu string
	rtt     float64
	publish []string
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
	)
	for w := first; w < first+count; w++ {
		tracks = append(tracks, c.tracks(w)...)
		links = append(links, c.links(w)...)
		samples = append(samples, c.samples(w)...)
	}
	token := fmt.Sprintf("%s:%d-%d", c.ID, first, count)
	for table, columns := range map[string][]clickhouse.Column{
		"samples": sampleColumns(c.ID, samples), "hops": linkColumns(c.ID, links), "e2e": trackColumns(c.ID, tracks),
	} {
		if err := db.Insert(ctx, table, token, columns); err != nil {
			return err
		}
	}
	return nil
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
