package regression

import "time"

// End is who is at one end of a path.
type End struct {
	// Region is where the client is: of its address where that is known, of its SFU otherwise. By the client's own region calls
	// that were sent to a farther SFU still compare with themselves.
	Region  string
	ASN     uint32 // network operator; 0 = not known
	Version string // of the application; "" = not known
}

// Observation is what one call had in one window between alike ends over one path: one for each call, pair of ends and path,
// medians over its tracks, however many samples there were. Complete and imputed windows only.
type Observation struct {
	Call       string
	Publisher  End
	Subscriber End
	Path       []string  // SFU ids, the publisher's first; empty for a direct call
	Hops       []float64 // RTT in ms: uplink, links between SFUs in the order of Path, downlink; NaN = not known
	RTT        float64   // ms, from end to end
}

// Span is a stretch of time, from From up to but not including To.
type Span struct{ From, To time.Time }
