// Package report says how right the results of a laboratory call are: windows that the product stored and the truth of the
// call come in; one entry per path, and a summary, come out, ready for JSON. It is pure.
package report

import (
	"time"

	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
)

// Window is one stored result: one track on one path in one window of time. Times are the collector's, RTTs milliseconds,
// and NaN is what is not known.
type Window struct {
	Publisher, Subscriber string
	Kind                  topology.Kind
	SFUPath               []string
	Start                 time.Time
	Length                time.Duration
	Status                Status
	RTT, Err              float64
	Hops                  []HopWindow
	// SeenAt is when the result could first be read; where that is not known, the end of the window stands for it.
	SeenAt time.Time
}

// HopWindow is one hop of a Window.
type HopWindow struct {
	From, To string
	RTT, Err float64
	Source   string
}

// Status is how much of a path a window's value covers, as in the table e2e.
type Status string

// The statuses. Missing is for paths of which no window was stored.
const (
	Complete Status = "complete"
	Imputed  Status = "imputed"
	Partial  Status = "partial"
	Missing  Status = "missing"
)

// Samples counts what the probes sent and what became of it.
type Samples struct {
	Sent, Stored, Late, Dead uint64
}

// Input is a call that is over.
type Input struct {
	Topology *topology.Topology
	Truth    *truth.Timeline
	// Start and End are when the call began, and until when windows can have been stored.
	Start, End time.Time
	// Window is the length of the windows; they start at multiples of it since the Unix epoch.
	Window  time.Duration
	Windows []Window
	Samples Samples
}

// settleIn is how long after both have joined a path has to be complete.
const settleIn = 10 * time.Second

// Report is the JSON of `earshot demo --json` and `earshot lab run --json`. Times are milliseconds.
type Report struct {
	Paths   []Path   `json:"paths"`
	Changes []Change `json:"path_changes"`
	Summary Summary  `json:"summary"`
}

// Path is one publisher, subscriber, kind and SFU path. Values are medians over the windows that can be compared: those
// with a value for the whole of which one truth held. They are null where there is no such window.
type Path struct {
	Publisher  string        `json:"publisher"`
	Subscriber string        `json:"subscriber"`
	Kind       topology.Kind `json:"kind"`
	SFUPath    []string      `json:"sfu_path"`
	Hops       int           `json:"hops"`
	TrueRTT    *float64      `json:"true_rtt_ms"`
	RTT        *float64      `json:"rtt_ms"`
	RTTErr     *float64      `json:"rtt_err_ms"`
	// Error is stitched minus true.
	Error       *float64 `json:"error_ms"`
	P95AbsError *float64 `json:"p95_abs_error_ms"`
	// Coverage is the share of WindowsExpected with a complete value; 1 where none are expected.
	Coverage float64 `json:"coverage"`
	// Windows counts those compared.
	Windows int `json:"windows"`
	// Status is the most frequent one.
	Status Status `json:"status"`

	// WindowsExpected counts the windows from 10 s after both joined (or came to the SFUs of this path) that lie wholly in
	// one truth; WindowsLeftOut the stored ones that span a change of it; WindowsStale those stored though the path was gone.
	WindowsExpected int            `json:"windows_expected"`
	WindowsLeftOut  int            `json:"windows_left_out"`
	WindowsStale    int            `json:"windows_stale"`
	StatusCounts    map[Status]int `json:"status_counts"`
	// Honest is the share of compared windows whose |error| is at most twice their rtt_err.
	Honest *float64 `json:"honest"`
	// Observable is false where an SFU or a client on the path has no probe, so that no complete value can be had.
	Observable bool  `json:"observable"`
	HopDetail  []Hop `json:"hop_detail"`
}

// Hop is one hop of a path, over the same windows.
type Hop struct {
	From        string         `json:"from"`
	To          string         `json:"to"`
	TrueRTT     *float64       `json:"true_rtt_ms"`
	RTT         *float64       `json:"rtt_ms"`
	Error       *float64       `json:"error_ms"`
	P95AbsError *float64       `json:"p95_abs_error_ms"`
	Sources     map[string]int `json:"sources"`
}

// Change is a path that came to be during the call.
type Change struct {
	Publisher  string        `json:"publisher"`
	Subscriber string        `json:"subscriber"`
	Kind       topology.Kind `json:"kind"`
	SFUPath    []string      `json:"sfu_path"`
	// At is seconds since the start.
	At float64 `json:"at_s"`
	// ShownAfter is the time until the path could first be read, with a value or not; null if it never showed.
	ShownAfter *float64 `json:"shown_after_ms"`
}

// Summary is over all windows of all paths.
type Summary struct {
	Paths             int      `json:"paths"`
	MedianAbsError    *float64 `json:"median_abs_error_ms"`
	P95AbsError       *float64 `json:"p95_abs_error_ms"`
	Coverage          float64  `json:"coverage"`
	SamplesSent       uint64   `json:"samples_sent"`
	SamplesStored     uint64   `json:"samples_stored"`
	Late              uint64   `json:"late"`
	Dead              uint64   `json:"dead"`
	MedianErrorPerHop *float64 `json:"median_abs_error_per_hop_ms"`
	P95ErrorPerHop    *float64 `json:"p95_abs_error_per_hop_ms"`
	Honest            *float64 `json:"honest"`
	Windows           int      `json:"windows"`
	WindowsExpected   int      `json:"windows_expected"`
	WindowsLeftOut    int      `json:"windows_left_out"`
	WindowsStale      int      `json:"windows_stale"`
	// WrongPaths counts windows with a value for a path that never was; it is to be 0.
	WrongPaths int `json:"wrong_paths"`
	// Unfollowed counts partial windows whose path could not be followed to a publisher.
	Unfollowed int `json:"windows_unfollowed"`
	// FalseComplete counts complete windows of paths that are not observable; it is to be 0.
	FalseComplete int            `json:"false_complete"`
	StatusCounts  map[Status]int `json:"status_counts"`
	DurationS     float64        `json:"duration_s"`
	Topology      string         `json:"topology"`
}
