package kafka

import "time"

// Message is one record to be written.
type Message struct {
	Topic string
	// Key chooses the partition by murmur2. With a nil key any partition will do.
	Key   []byte
	Value []byte
	// Time zero means the time of writing.
	Time    time.Time
	Headers []Header
}

// Header is a name and a value beside a record.
type Header struct {
	Key   string
	Value []byte
}

// RecordOverhead is about what a record costs beside its key, value and headers.
const RecordOverhead = 64

// Size is about how many bytes the message takes in a request and in memory; it is what ProducerConfig.MaxMessageBytes
// bounds.
func (m *Message) Size() int {
	n := RecordOverhead + len(m.Key) + len(m.Value)
	for i := range m.Headers {
		n += len(m.Headers[i].Key) + len(m.Headers[i].Value)
	}
	return n
}
