package regression

import (
	"slices"
	"strings"
)

// lost is what calls no longer take: an SFU, or a link between two.
type lost struct {
	sfu  string
	link Link
}

// lostShare is by how much the share of a pair's calls that take something has to fall.
const lostShare = 0.6

// missed finds what calls of a pair took before and take no longer. An SFU comes before its links, and of several what lost most. Where
// nothing stands out it is empty: calls that happen to have longer paths, among others that have them always, are no change.
func (e *evaluation) missed(v *strayed) lost {
	sfus, links := map[string]float64{}, map[Link]float64{}
	e.share(v.now, 1, sfus, links)
	e.share(v.was, -1, sfus, links)
	best, least := lost{}, -lostShare
	for _, sfu := range sortedBy(sfus, strings.Compare) {
		if sfus[sfu] < least {
			best, least = lost{sfu: sfu}, sfus[sfu]
		}
	}
	if best.sfu != "" {
		return best
	}
	for _, link := range sortedBy(links, compareLinks) {
		if links[link] < least {
			best, least = lost{link: link}, links[link]
		}
	}
	return best
}

func unordered(p Pair) Pair {
	if p.Subscriber < p.Publisher {
		p.Publisher, p.Subscriber = p.Subscriber, p.Publisher
	}
	return p
}

// share adds the share of calls that take each SFU and each link.
func (e *evaluation) share(paths map[int32]int, sign float64, sfus map[string]float64, links map[Link]float64) {
	total := 0
	for _, n := range paths {
		total += n
	}
	for _, number := range sortedKeys(paths) { // sums of fractions depend on the order
		n, p := paths[number], e.names.paths[number].sfus
		for i, sfu := range p {
			sfus[sfu] += sign * float64(n) / float64(total)
			if i > 0 {
				links[sortedLink(p[i-1], sfu)] += sign * float64(n) / float64(total)
			}
		}
	}
}

// most is the most frequent path.
func (e *evaluation) most(paths map[int32]int) []string {
	var best []string
	n := 0
	for _, number := range sortedKeys(paths) {
		p := e.names.paths[number].sfus
		if paths[number] > n || paths[number] == n && slices.Compare(p, best) < 0 {
			best, n = p, paths[number]
		}
	}
	return slices.Clone(best)
}

func compareLinks(a, b Link) int {
	if c := strings.Compare(a.From, b.From); c != 0 {
		return c
	}
	return strings.Compare(a.To, b.To)
}

func sortedBy[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, compare)
	return out
}
