package rowgen

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// region is where SFUs are, and clients near them.
type region struct {
	name      string
	country   []string
	share     float64 // of the clients, summed up
	lat, long float64 // degrees
}

var regions = []region{
	{"eu-central", []string{"DE", "PL", "AT", "CZ"}, 0.30, 50, 8.7},
	{"us-east", []string{"US", "US", "CA"}, 0.53, 39, -77},
	{"us-west", []string{"US", "US", "MX"}, 0.67, 45, -121},
	{"ap-south", []string{"IN", "IN", "LK"}, 0.83, 19, 73},
	{"ap-northeast", []string{"JP", "KR"}, 0.93, 35.6, 139.7},
	{"sa-east", []string{"BR", "AR"}, 1, -23.5, -46.6},
}

// sfusPerRegion is small, so that many calls share the links between SFUs.
const sfusPerRegion = 3

// world is what calls share: SFUs, the links between them, operators, browsers and versions.
type world struct {
	seed  uint64
	sfus  [][]string         // by region
	base  [][]float64        // round trip between regions, ms
	route [][][]int          // regions that a cascade goes through
	asns  []map[string][]asn // by region and country, the large ones first
}

type asn struct {
	number uint32
	isp    string
}

func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 2))
	w := &world{seed: seed}
	for i, r := range regions {
		var sfus []string
		for n := range sfusPerRegion {
			sfus = append(sfus, fmt.Sprintf("sfu-%s-%d", r.name, n+1))
		}
		w.sfus = append(w.sfus, sfus)
		asns := map[string][]asn{}
		for _, country := range r.country {
			for len(asns[country]) < 30 {
				number := 1000 + rng.Uint32N(60_000)
				asns[country] = append(asns[country], asn{number, fmt.Sprintf("%s Networks %d", country, number%977)})
			}
		}
		w.asns = append(w.asns, asns)
		base, route := make([]float64, len(regions)), make([][]int, len(regions))
		for j, o := range regions {
			base[j] = 2 + 0.0155*distanceKm(r, o)
			switch {
			case i == j:
				base[j], route[j] = 0.7, []int{i}
			case (r.name == "sa-east") != (o.name == "sa-east") && r.name != "us-east" && o.name != "us-east":
				route[j] = []int{i, 1, j} // by way of us-east
			default:
				route[j] = []int{i, j}
			}
		}
		w.base, w.route = append(w.base, base), append(w.route, route)
	}
	return w
}

func distanceKm(a, b region) float64 {
	const rad = math.Pi / 180
	x := math.Sin(a.lat*rad)*math.Sin(b.lat*rad) + math.Cos(a.lat*rad)*math.Cos(b.lat*rad)*math.Cos((a.long-b.long)*rad)
	return 6371 * math.Acos(min(x, 1))
}

// backbone is the round trip between two regions in a window: slow waves, noise, and now and then a busy quarter of an hour.
func (w *world) backbone(from, to, window int) float64 {
	if from > to {
		from, to = to, from
	}
	pair := w.seed + uint64(from*16+to)
	quarter := hash(pair, uint64(window/180))
	rtt := w.base[from][to] * (1 + 0.03*math.Sin(float64(window)/700+float64(pair%7)))
	if quarter%40 == 0 {
		rtt += 5 + float64(quarter%31)
	}
	return rtt + 0.9*noise(hash(pair, uint64(window)+1<<32))
}

// hash is splitmix64.
func hash(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// noise is about normal, with a deviation of one.
func noise(h uint64) float64 {
	sum := 0.0
	for range 4 {
		sum += float64(h&0xffff)/65536 - 0.5
		h >>= 16
	}
	return sum * math.Sqrt(3)
}

var (
	browsers = []string{"Chrome 131", "Chrome 131", "Chrome 131", "Chrome 130", "Chrome 130", "Edge 131", "Safari 18", "Safari 18", "Safari 17", "Firefox 132"}
	systems  = []string{"Windows 11", "Windows 11", "Windows 10", "macOS 15", "macOS 15", "macOS 14", "Android 14", "iOS 18", "Linux"}
	apps     = []string{"web/4.12.1", "web/4.12.1", "web/4.12.1", "web/4.12.1", "web/4.12.0", "web/4.12.0", "web/4.11.3", "web/4.11.3", "web/4.10.0", "web/4.9.2", "kiosk/2.1.0"}
	networks = []string{"wifi", "wifi", "wifi", "ethernet", "ethernet", "cellular", ""}
)

func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

// uuid is a random one of version 4.
func uuid(rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}
