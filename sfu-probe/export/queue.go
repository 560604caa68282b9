package export

import "slices"

// queue holds samples, oldest first, until they are acknowledged. Its owner holds the lock.
type queue struct {
	max     int
	bytes   int
	entries []*entry
}

// entry is a sample as it goes over the wire.
type entry struct {
	session  string
	sequence uint64
	frame    []byte
	sent     bool // on the connection there is now
}

// overhead is what an entry costs beside its frame, roughly.
const overhead = 128

func (e *entry) size() int { return len(e.frame) + overhead }

// push appends an entry and returns how many gave way to it. An entry that is larger than the whole queue is not taken.
func (q *queue) push(e *entry) (dropped int) {
	if e.size() > q.max {
		return 1
	}
	for q.bytes+e.size() > q.max {
		q.remove(0)
		dropped++
	}
	q.entries = append(q.entries, e)
	q.bytes += e.size()
	return dropped
}

func (q *queue) remove(i int) {
	q.bytes -= q.entries[i].size()
	q.entries = slices.Delete(q.entries, i, i+1)
}

// find is -1 for what is not, or no longer, in the queue.
func (q *queue) find(session string, sequence uint64) int {
	return slices.IndexFunc(q.entries, func(e *entry) bool { return e.sequence == sequence && e.session == session })
}

// unsent is the oldest entry that the present connection has not seen; nil where there is none.
func (q *queue) unsent() *entry {
	for _, e := range q.entries {
		if !e.sent {
			return e
		}
	}
	return nil
}

// outstanding says whether an entry waits for its acknowledgement.
func (q *queue) outstanding() bool {
	return slices.ContainsFunc(q.entries, func(e *entry) bool { return e.sent })
}

// largestSent is -1 where nothing was sent.
func (q *queue) largestSent() int {
	largest := -1
	for i, e := range q.entries {
		if e.sent && (largest < 0 || e.size() > q.entries[largest].size()) {
			largest = i
		}
	}
	return largest
}

// rewind makes everything unsent, for a new connection.
func (q *queue) rewind() {
	for _, e := range q.entries {
		e.sent = false
	}
}
