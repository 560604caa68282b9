// Package topic is the contract of the Kafka topics: names, keys, headers and defaults, for whoever writes or reads them.
//
// The major version stands in the name: what a topic holds changes by addition only.
package topic

import "time"

// Names.
const (
	// Samples holds one protobuf earshot.v1.Sample per record, of one source and one call. Key: call_id, partitioned by
	// murmur2 as Kafka's own clients do. The record's time is when the collector received the sample. A record with the header
	// HeaderTick holds nothing but its time; see there.
	Samples = "earshot.samples.v1"
	// E2E holds results for whoever wants to build on them. Key: call_id.
	E2E = "earshot.e2e.v1"
	// Dead holds what could not be read, with the headers below. Key: the source, where it is known. HeaderForm says what
	// the value is.
	Dead = "earshot.dead.v1"
)

// HeaderTick marks a record of Samples that has no key and no value: a processor that had read the partition to its end says
// that it is so late now. The log of a partition alone thus decides when windows close, whoever reads it and when. Other
// readers pass it by.
const HeaderTick = "earshot-tick"

// HeaderTrace is on records of Samples whose request is traced: a W3C traceparent.
const HeaderTrace = "traceparent"

// Headers of records in Dead.
const (
	// HeaderReason is the reason as a word, the same that metrics and answers use.
	HeaderReason = "earshot-reason"
	// HeaderDetail is one sentence for a person.
	HeaderDetail = "earshot-detail"
	// HeaderFrom says which part gave up and on what: "collector/http", "collector/websocket", "processor" ...
	HeaderFrom = "earshot-from"
	// HeaderTruncated is the original length in bytes, as a decimal number, of a value that was cut.
	HeaderTruncated = "earshot-truncated"
	// HeaderForm says what a value of the collector's is: FormMasked, FormNone or FormRaw.
	HeaderForm = "earshot-form"
	// HeaderBytes and HeaderSHA256 are length (decimal) and digest (hex) of what came, where the value does not have it.
	HeaderBytes  = "earshot-bytes"
	HeaderSHA256 = "earshot-sha256"
)

// Values of HeaderForm.
const (
	// FormMasked is a protobuf earshot.v1.Sample, without what is personal.
	FormMasked = "masked"
	// FormNone is nothing.
	FormNone = "none"
	// FormRaw is what came, as it came.
	FormRaw = "raw"
)

// Topic is a topic with what it is created with, where it does not exist.
type Topic struct {
	Name string
	// Partitions bounds how many processors share the work. Growing it later moves calls between partitions.
	Partitions int
	// ReplicationFactor 0 leaves it to the broker's default.
	ReplicationFactor int
	// Retention 0 leaves it to the broker's default.
	Retention time.Duration
}

// Defaults lists every topic that the services use, with defaults for a small cluster.
func Defaults() []Topic {
	return []Topic{
		{Name: Samples, Partitions: 12, Retention: 24 * time.Hour},
		{Name: E2E, Partitions: 12, Retention: 24 * time.Hour},
		{Name: Dead, Partitions: 1, Retention: 7 * 24 * time.Hour},
	}
}
