package admit

import (
	"unicode/utf8"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// The fast codec does not look at strings, and others downstream refuse a whole message with a bad one.
func (c *Checker) idFits(s string) bool {
	return len(s) <= c.limits.IDBytes && utf8.ValidString(s)
}

func (c *Checker) id(where, s string) *Refusal {
	switch {
	case len(s) > c.limits.IDBytes:
		return refuse(TextTooLong, "%s has %d bytes, at most %d are allowed", where, len(s), c.limits.IDBytes)
	case !utf8.ValidString(s):
		return refuse(BadUTF8, "%s is not valid UTF-8", where)
	}
	return nil
}

func (c *Checker) texts(where string, texts ...string) *Refusal {
	for _, s := range texts {
		switch {
		case len(s) > c.limits.TextBytes:
			return refuse(TextTooLong, "a text of %s has %d bytes, at most %d are allowed", where, len(s), c.limits.TextBytes)
		case !utf8.ValidString(s):
			return refuse(BadUTF8, "a text of %s is not valid UTF-8", where)
		}
	}
	return nil
}

func (c *Checker) badText(where string, i int, s string, most int) *Refusal {
	if len(s) > most {
		return refuse(TextTooLong, "a text of %s[%d] has %d bytes, at most %d are allowed", where, i, len(s), most)
	}
	return refuse(BadUTF8, "a text of %s[%d] is not valid UTF-8", where, i)
}

// cut keeps quotations short.
func cut(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}

// transportEnums makes values of a later schema "unspecified": they describe, nothing hangs on them.
func (c *Checker) transportEnums(t *earshotv1.Transport) {
	n := 0
	n += known(&t.LocalCandidateType, earshotv1.CandidateType_CANDIDATE_TYPE_RELAY)
	n += known(&t.RemoteCandidateType, earshotv1.CandidateType_CANDIDATE_TYPE_RELAY)
	n += known(&t.Protocol, earshotv1.Protocol_PROTOCOL_TLS)
	n += known(&t.RelayProtocol, earshotv1.Protocol_PROTOCOL_TLS)
	n += known(&t.IceState, earshotv1.ICEState_ICE_STATE_CLOSED)
	n += known(&t.DtlsState, earshotv1.DTLSState_DTLS_STATE_FAILED)
	if n > 0 {
		c.drop(UnknownEnum, n)
	}
}

func known[E ~int32](v *E, last E) int {
	if *v >= 0 && *v <= last {
		return 0
	}
	*v = 0
	return 1
}
