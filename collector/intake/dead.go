package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/mask"
	"github.com/earshot-rtc/earshot/internal/kafka"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// maxDeadBytes bounds a dead letter. The rest of a longer one is cut off; one that would not be a Sample any more then is
// left out.
const maxDeadBytes = 256 << 10

// refuse notes why the sample at hand is not taken. Its sender is told in full; what is kept has nothing personal in it,
// unless the configuration asks for that.
func (b *Batch) refuse(raw []byte, r *admit.Refusal) {
	b.rejected = append(b.rejected, Rejection{Index: b.n, Reason: string(r.Reason), Detail: strings.ToValidUTF8(r.Detail, "\uFFFD")})
	b.n++
	form := b.in.mask.DeadLetters()
	if form == mask.None {
		return
	}
	m := kafka.Message{Topic: topic.Dead, Time: b.origin.Received}
	header := func(key, value string) {
		m.Headers = append(m.Headers, kafka.Header{Key: key, Value: []byte(value)})
	}
	header(topic.HeaderReason, string(r.Reason))
	header(topic.HeaderFrom, b.origin.Route)
	if form == mask.Raw {
		header(topic.HeaderDetail, r.Detail)
		header(topic.HeaderForm, topic.FormRaw)
		m.Key = b.source(b.sc.sample)
		if len(raw) > maxDeadBytes {
			header(topic.HeaderTruncated, strconv.Itoa(len(raw)))
			raw = raw[:maxDeadBytes]
		}
		m.Value = append(make([]byte, 0, len(raw)), raw...)
		b.dead = append(b.dead, m)
		return
	}
	header(topic.HeaderDetail, mask.Detail(r.Detail))
	sum := sha256.Sum256(raw)
	header(topic.HeaderBytes, strconv.Itoa(len(raw)))
	header(topic.HeaderSHA256, hex.EncodeToString(sum[:]))
	if s := b.letter(); s != nil {
		m.Key = b.source(s)
		m.Value, _ = s.MarshalVT()
	}
	if m.Value != nil {
		header(topic.HeaderForm, topic.FormMasked)
	} else {
		header(topic.HeaderForm, topic.FormNone)
	}
	b.dead = append(b.dead, m)
}

// letter is a copy of what was read without what is personal; nil where it was not read to its end, or is too long. The
// sample itself stays: its sender is answered under the names that it gave.
func (b *Batch) letter() *earshotv1.Sample {
	if !b.sc.decoded || b.sc.sample.SizeVT() > maxDeadBytes {
		return nil
	}
	s := b.sc.sample.CloneVT()
	s.Receipt = nil // says nothing that the record does not
	if !b.sc.masked {
		b.in.mask.Letter(s, b.origin.Caller.Tenant)
	}
	return s
}

// source names who sent the sample, as far as it could be read; nil where it could not.
func (b *Batch) source(s *earshotv1.Sample) []byte {
	id := s.GetClient().GetClientId()
	if id == "" {
		id = s.GetSfu().GetSfuId()
	}
	if id == "" {
		return nil
	}
	return []byte(id[:min(len(id), b.in.cfg.Limits.IDBytes)])
}
