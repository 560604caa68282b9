package refused

import (
	"strconv"
	"strings"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// collectors begins what a letter of a collector says of where it is from.
const collectors = "collector/"

// maxWord bounds what is stored of a header.
const maxWord = 512

// letter makes a row of a collector's letter; false for those of processors, whose rows are written with their samples.
func letter(r *kafka.Record, from string, partition int) (row.DeadLetter, bool) {
	var reason, detail, source, form string
	bytes := uint64(len(r.Key) + len(r.Value))
	for _, h := range r.Headers {
		switch h.Key {
		case topic.HeaderReason:
			reason = word(h.Value)
		case topic.HeaderDetail:
			detail = word(h.Value)
		case topic.HeaderFrom:
			source = word(h.Value)
		case topic.HeaderForm:
			form = string(h.Value)
		case topic.HeaderBytes, topic.HeaderTruncated: // of what came, where the value does not have it all
			if n, err := strconv.ParseUint(string(h.Value), 10, 32); err == nil {
				bytes = n
			}
		}
	}
	if !strings.HasPrefix(source, collectors) {
		return row.DeadLetter{}, false
	}
	if reason == "" {
		reason = "unknown"
	}
	if form == topic.FormRaw {
		detail = "" // it quotes what came, and that may be personal
	}
	return row.DeadLetter{
		ReceivedAt: r.Time.UnixMilli(), Topic: from, Partition: uint32(partition), Offset: uint64(r.Offset), // #nosec G115 -- Kafka's are not negative
		Reason: reason, Detail: detail, Source: source, Bytes: uint32(bytes), // #nosec G115 -- 32 bits were asked for, and a record is shorter
	}, true
}

// word copies a header, whose bytes are those of the whole fetch.
func word(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxWord)]), "\uFFFD")
}
