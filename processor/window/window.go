// Package window cuts event time into windows and says when one may close. Times of samples and of their receipt go in;
// event times, window indexes and due times come out. All are microseconds since the Unix epoch, and nothing reads a clock.
package window

// Grid is a fixed grid of windows, aligned to the epoch, with instants inside at which paths are looked at.
type Grid struct {
	Size int64 // µs
	Step int64 // µs between instants
}

// Index is the number of the window that the time falls into.
func (g Grid) Index(at int64) int64 {
	i := at / g.Size
	if at%g.Size < 0 {
		i--
	}
	return i
}

// Start is when the window begins.
func (g Grid) Start(index int64) int64 { return index * g.Size }

// End is when the window ends, and the next one begins.
func (g Grid) End(index int64) int64 { return (index + 1) * g.Size }

// Instants is how many instants a window has.
func (g Grid) Instants() int { return int(max(g.Size/g.Step, 1)) }

// Instant is the time of instant i, 0 <= i < Instants, of the window: the first is a step after its start, the last its end.
func (g Grid) Instant(index int64, i int) int64 { return g.Start(index) + int64(i+1)*g.Step }

// Share is the part, 0 to 1, of the span (from, to] that lies in the window.
func (g Grid) Share(index, from, to int64) float64 {
	if to <= from {
		return 0
	}
	return float64(max(min(to, g.End(index))-max(from, g.Start(index)), 0)) / float64(to-from)
}

// Report is what a watermark knows of one source.
type Report struct {
	Event    int64 // event time of its latest sample
	Received int64 // record time of it
	Interval int64 // between its samples
}

// Closing decides when windows close.
type Closing struct {
	Grid Grid
	// Lateness is how long after its end, in record time, a window waits at most.
	Lateness int64
	// IdleIntervals is after how many intervals a silent source holds no window back any longer.
	IdleIntervals int64
}

// Due is the record time at which the window may close, given the latest report of one live source; the latest over all
// sources counts. It is 0 where the source has reported at or after the window's end.
func (c *Closing) Due(index int64, r Report) int64 {
	end := c.Grid.End(index)
	if r.Event >= end {
		return 0
	}
	return min(r.Received+c.IdleIntervals*r.Interval, end+c.Lateness)
}
