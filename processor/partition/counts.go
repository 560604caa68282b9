package partition

import "fmt"

// Counts says what has happened to samples and facts since New.
type Counts struct {
	Samples uint64 // stored: one row of samples each
	Late    uint64 // of them: too late for at least one window
	Windows uint64 // closed, over all calls

	// Samples whose facts were not used, though they have their row (but Duplicate has none).
	Duplicate  uint64 // the same source, session and sequence came before
	Reordered  uint64 // older than what its source has said since
	Superseded uint64 // of a session that its source has left

	// Facts that were put aside.
	Conflicts   uint64 // two claims to one end of a link, or to one stream
	Loops       uint64 // a path that comes back to where it was
	Implausible uint64 // sampled_at that cannot be: receive time was used
	Orphans     uint64 // streams of a transport that their sample does not name, or that is closed
	Truncated   uint64 // transports or streams over the limit of a sample

	// Calls whose state was dropped since their records, or their windows, made the code panic.
	Panics uint64

	// Current state.
	Calls   int
	Sources int
}

// Reason says why a record could not be read.
type Reason string

// Reasons, as the header of the dead-letter topic gives them.
const (
	Malformed Reason = "malformed" // no sample, or a broken one
	NoOrigin  Reason = "no_origin" // neither client nor SFU, or both, or without an id
	NoCall    Reason = "no_call"   // no call id in the sample nor in the key
	NoTime    Reason = "no_time"   // neither sampled_at nor a record time
	Panic     Reason = "panic"     // it made the code panic, which is a fault of the code
)

// ReadError is the error of Apply.
type ReadError struct {
	Reason Reason
	Detail string
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("sample not readable (%s): %s", e.Reason, e.Detail)
}
