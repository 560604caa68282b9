package kafka

import "time"

// Record is one record as it was read. Key, Value and header values share the buffer of their Batch: whoever keeps a small part
// of one should copy it, or it holds the whole buffer.
type Record struct {
	Offset  int64
	Time    time.Time
	Key     []byte
	Value   []byte
	Headers []Header
}

// Batch is the answer to one fetch of one partition. It may hold no records.
type Batch struct {
	Records []Record
	// Next is the offset after what this batch covers, where the next one begins.
	Next int64
	// HighWatermark is the offset after the last record that was readable.
	HighWatermark int64
	// AskedAt is when the fetch was sent: all that was readable before it is in this batch or in one before, if CaughtUp.
	AskedAt time.Time
	// Lost counts records before this batch that retention removed before they were read.
	Lost int64
	// Err, where set, is the last thing that the channel gives.
	Err error
}

// CaughtUp says that nothing more was to be had when the broker answered.
func (b *Batch) CaughtUp() bool { return b.Err == nil && b.Next >= b.HighWatermark }

// Offset is what a group has committed for a partition.
type Offset struct {
	// At is the offset of the next record to process, -1 where nothing has ever been committed.
	At       int64
	Metadata string
}
