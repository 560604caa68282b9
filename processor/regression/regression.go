package regression

import "time"

// Cause is what made calls slower. There is one regression per cause, however many pairs of regions feel it.
type Cause string

// Causes.
const (
	// SFULink: the link between two SFUs got slower; Link names it.
	SFULink Cause = "sfu_link"
	// AccessNetwork: the way between clients of one operator and their SFUs got slower; ASN names it.
	AccessNetwork Cause = "access_network"
	// AccessSFU: the way between an SFU and its clients got slower, whatever their operator; SFU names it.
	AccessSFU Cause = "access_sfu"
	// AppVersion: clients with one version of the application got slower; Version names it.
	AppVersion Cause = "version"
	// OtherPaths: links are as before, but calls took slower ones; Link or SFU names what they no longer take.
	OtherPaths Cause = "other_paths"
	// RegionPair: the calls of one pair of regions got slower, and nothing above says why; Pairs names it.
	RegionPair Cause = "region_pair"
)

// State of a regression.
type State string

// States.
const (
	Open     State = "open"
	Resolved State = "resolved"
)

// Severity of a regression.
type Severity string

// Severities: critical by Config.CriticalMs and Config.CriticalCalls.
const (
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Reason is why a regression was resolved.
type Reason string

// Reasons.
const (
	// Gone: the round-trip times are again as they were.
	Gone Reason = "gone"
	// Unused: no call has used the segment for Config.Unused windows.
	Unused Reason = "unused"
	// Lasting: it has been so for Config.Lasting and counts as usual from now on.
	Lasting Reason = "lasting"
)

// Link is two SFUs that are connected, by id, in sorted order.
type Link struct{ From, To string }

// Pair is the regions of a publisher and a subscriber.
type Pair struct{ Publisher, Subscriber string }

// Affected is a pair of regions whose calls felt the regression.
type Affected struct {
	Pair
	Calls    int     // that used what got slower, of those in the windows that were tested
	BeforeMs float64 // end-to-end RTT before, median over calls; where that is not known, AfterMs less the shift
	AfterMs  float64 // and in the windows that were tested
}

// Regression is a lasting rise of round-trip times with one cause. The fields that its cause does not name are empty.
type Regression struct {
	ID       string // follows from cause, segment and StartedAt
	State    State
	Cause    Cause
	Severity Severity

	Link    Link
	SFU     string
	ASN     uint32
	Version string
	// WasPath and NowPath are SFUs from the publisher's to the subscriber's, the most frequent before and after (OtherPaths).
	WasPath, NowPath []string

	StartedAt  time.Time // the beginning of the window with the change point
	DetectedAt time.Time // the end of the window with which it was certain
	UpdatedAt  time.Time // the end of the last window that changed a figure
	ResolvedAt time.Time // the end of the window with which it was over; zero while open
	Reason     Reason    // of the resolution

	BeforeMs    float64 // RTT of the segment before: of a hop, or from end to end for OtherPaths and RegionPair
	AfterMs     float64 // BeforeMs + ShiftMs
	ShiftMs     float64 // Hodges-Lehmann estimate
	ShiftLowMs  float64 // its confidence interval (Config.Confidence)
	ShiftHighMs float64
	ShiftRatio  float64 // ShiftMs / BeforeMs
	Q           float64 // p-value adjusted by Benjamini and Hochberg
	CallsBefore int     // in the reference, as far as it was kept
	CallsAfter  int     // in the windows tested
	Windows     int     // tested

	Pairs []Affected // by calls, most first
}
