package intake

import (
	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/identity"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Sample takes a sample that was read from another format, and from then on owns it. raw is what it came as, for a dead
// letter, and is used until the next call on b.
func (b *Batch) Sample(s *earshotv1.Sample, raw []byte) {
	b.sc.empty()
	b.sc.sample.ReturnToVTPool()
	b.sc.sample = s
	if r := b.tooLarge(raw); r != nil {
		b.refuse(raw, r)
		return
	}
	b.sample(raw)
}

// Refuse notes what could not be read from another format.
func (b *Batch) Refuse(raw []byte, r *admit.Refusal) {
	b.sc.empty()
	b.refuse(raw, r)
}

// Caller is who sends the batch.
func (b *Batch) Caller() *identity.Caller { return &b.origin.Caller }
