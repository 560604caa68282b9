package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// plan is what is done to a day: one case after the other, with pauses, each kind now and then.
func plan(w *world, seed uint64, start time.Time, long time.Duration) []Case {
	r := rand.New(rand.NewPCG(seed, 0xca5e))
	kinds := []Kind{
		Step, Step, Step, Step, Ramp, TwoAtOnce, LinkDown, LinkDown, Drain, Operator, Operator, Site, Rollout,
		SmallStep, Spike, Spike, FarRollout, FarMix, NewRegion, BadCalls, Gap,
	}
	r.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	var out []Case
	at := start.Add(time.Hour + minutes(r, 0, 30))
	for _, kind := range kinds {
		k := Case{Kind: kind, From: at, To: at.Add(minutes(r, 25, 50))}
		if at.After(start.Add(long - 100*time.Minute)) {
			break
		}
		if !k.shape(w, r) {
			continue
		}
		k.Due = k.due(w)
		out = append(out, k)
		if kind == TwoAtOnce {
			other := k
			for other.Where == k.Where && other.And == k.And {
				other.shape(w, r)
			}
			other.Due = other.due(w)
			out = append(out, other)
		}
		at = k.To.Add(minutes(r, 25, 45))
	}
	return out
}

func minutes(r *rand.Rand, from, to float64) time.Duration {
	return time.Duration((from + (to-from)*r.Float64()) * float64(time.Minute)).Truncate(time.Second)
}

// shape says where a case is and how large. It returns false where the world has no room for it.
func (k *Case) shape(w *world, r *rand.Rand) bool {
	k.Where = r.IntN(4) // where most people are
	k.And = r.IntN(len(places))
	for k.And == k.Where {
		k.And = r.IntN(len(places))
	}
	level := w.rtt(k.Where, k.And, k.From)
	by := func(least, most float64) float64 { return math.Round(least * math.Pow(most/least, r.Float64())) }
	switch k.Kind {
	case Step, TwoAtOnce, Ramp:
		k.ByMs = by(30, 200)
		if k.Kind == Ramp {
			k.ByMs = by(50, 200)
		}
	case SmallStep:
		k.ByMs = by(8, 0.7*max(20, 0.15*level))
	case Spike:
		k.ByMs = by(40, 300)
		k.To = k.From.Add(minutes(r, 0.5, 2))
	case LinkDown, Drain:
		return k.elsewhere(w, r)
	case Operator:
		op := w.operators[k.Where][r.IntN(2)]
		k.ASN, k.ByMs = op.asn, by(30, 150)
		level = op.base + op.swing*crowded(k.Where, k.From) + 8
	case Site:
		k.ByMs = by(30, 120)
		level = 35
	case Rollout, FarRollout:
		k.Version = fmt.Sprintf("4.1-%d", k.From.Unix()/60)
		k.To = k.From.Add(75 * time.Minute)
		if k.Kind == Rollout {
			k.ByMs, level = by(40, 150), 35
		}
	case BadCalls:
		k.Where, k.And = 0, 1
		return busy(0, k.From) > 0.6 && busy(1, k.From) > 0.6 // many others are on the link
	}
	k.Share = k.ByMs / level
	return true
}

// elsewhere looks for a detour that is long enough to matter.
func (k *Case) elsewhere(w *world, r *rand.Rand) bool {
	for range 50 {
		k.Where, k.And, k.Via = r.IntN(4), r.IntN(4), r.IntN(len(places))
		if k.Where == k.And || k.Via == k.Where || k.Via == k.And {
			continue
		}
		access := 70.0
		if k.Kind == Drain {
			// Calls within the region go there and back twice.
			k.ByMs = 2 * distance(k.Where, k.Via)
			k.Share = k.ByMs / access
		} else {
			direct := w.rtt(k.Where, k.And, k.From)
			k.ByMs = w.rtt(k.Where, k.Via, k.From) + w.rtt(k.Via, k.And, k.From) - direct
			k.Share = k.ByMs / (direct + access)
		}
		if k.ByMs >= 33 && k.ByMs < 300 && k.Share > 0.22 {
			return true
		}
	}
	return false
}

// due is from when on a case is as large as what has to be found.
func (k *Case) due(w *world) time.Time {
	switch k.Kind {
	case Ramp:
		part := max(30, 0.2*w.rtt(k.Where, k.And, k.From)) / k.ByMs
		return k.From.Add(time.Duration(part * float64(rampFor)))
	case Rollout:
		return k.From.Add(rolloutFor * 5 / 8) // a seventh of the clients have it
	}
	return k.From
}
