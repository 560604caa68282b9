package intake

import (
	"slices"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/identity"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// claims makes a sample say what the caller's credentials say, which win over the body; or refuses what the caller may not
// send at all.
func (b *Batch) claims(s *earshotv1.Sample) *admit.Refusal {
	switch c := &b.origin.Caller; c.Kind {
	case identity.Client:
		if s.Sfu != nil {
			return &admit.Refusal{Reason: admit.WrongOrigin, Detail: "a client's token may not send the samples of an SFU"}
		}
		b.client(s, c)
	case identity.SFU:
		if s.Client != nil {
			return &admit.Refusal{Reason: admit.WrongOrigin, Detail: "an SFU's token may not send the samples of a client"}
		}
		return b.sfu(s, c)
	}
	return nil
}

func (b *Batch) client(s *earshotv1.Sample, c *identity.Caller) {
	if c.CallID != "" {
		// Parts that name the other call would be taken for a conflict.
		for _, t := range s.Transports {
			if t.CallId != "" {
				t.CallId = ""
			}
		}
		for _, st := range s.Streams {
			if st.CallId != "" {
				st.CallId = ""
			}
		}
	}
	b.overwrite(&s.CallId, c.CallID, admit.CallOverwritten)
	if s.Client != nil {
		b.overwrite(&s.Client.ClientId, c.ClientID, admit.ClientOverwritten)
		b.overwrite(&s.Client.UserId, c.UserID, admit.UserOverwritten)
	}
}

func (b *Batch) sfu(s *earshotv1.Sample, c *identity.Caller) *admit.Refusal {
	if s.Sfu == nil {
		return nil // which is refused for having no origin
	}
	b.overwrite(&s.Sfu.SfuId, c.SFUID, admit.SFUOverwritten)
	if len(c.SFUIDs) == 0 {
		return nil
	}
	if s.Sfu.SfuId == "" && len(c.SFUIDs) == 1 {
		s.Sfu.SfuId = c.SFUIDs[0]
	}
	if !slices.Contains(c.SFUIDs, s.Sfu.SfuId) {
		return &admit.Refusal{Reason: admit.SFUNotAllowed, Detail: "the token or certificate is not for this sfu.sfu_id"}
	}
	return nil
}

// overwrite puts what is claimed in the place of what was said, and counts it when that was something else.
func (b *Batch) overwrite(said *string, claimed string, why admit.Reason) {
	if claimed == "" || *said == claimed {
		return
	}
	if *said != "" {
		b.drop(admit.Drop{Reason: why, Count: 1})
	}
	*said = claimed
}
