// Package mask takes out of samples what is personal: an admitted sample goes in; the same sample without addresses,
// certificates, device labels, tokens and plain user ids comes out, with a count of what was taken. Nothing reaches Kafka
// around it.
//
// What a sample may hold is known field by field, and everything else (unknown fields of a later or a made-up schema) goes. Of
// the known fields, numbers stay. A text that says something personal loses that part; an id that does is no good as an id,
// so the sample is refused and its sender told which id it is. SFUs' own ids and addresses are machines' and stay.
package mask

import (
	"net/netip"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/earshot-rtc/earshot/collector/admit"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/userid"
)

// Reasons of drops, and of the refusal.
const (
	// UnknownField: a part of the sample that this schema does not have.
	UnknownField admit.Reason = "unknown_field"
	// PersonalText: a part of a text.
	PersonalText admit.Reason = "personal_text"
	// DeviceLabel: the value of a device event that is more than a kind of device.
	DeviceLabel admit.Reason = "device_label"
	// UserID: a user id that there is no key for.
	UserID admit.Reason = "user_id"
	// PersonalID: an id that holds something personal. The sample is refused.
	PersonalID admit.Reason = "personal_id"
)

// Masker masks samples. It is safe for concurrent use.
type Masker struct {
	cfg Config
	key []byte
}

// New makes a Masker. It reads the key, where that is in a file.
func New(cfg Config) (*Masker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	key, err := cfg.Key()
	if err != nil {
		return nil, err
	}
	return &Masker{cfg: cfg, key: key}, nil
}

// DropsUserIDs says whether user ids are dropped only because there is no key.
func (m *Masker) DropsUserIDs() bool { return m.cfg.UserID == Hash && len(m.key) == 0 }

// DeadLetters says what of refused samples is kept: None, Masked or Raw.
func (m *Masker) DeadLetters() string { return m.cfg.DeadLetters }

// Address is what of an address may be kept: "203.0.113.0/24", or "" where it is dropped or not known.
func (m *Masker) Address(a netip.Addr) string {
	if !a.IsValid() || m.cfg.Address == Drop {
		return ""
	}
	a = a.Unmap().WithZone("")
	if m.cfg.Address == Keep {
		return a.String()
	}
	bits := m.cfg.IPv6Bits
	if a.Is4() {
		bits = m.cfg.IPv4Bits
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// work is one sample on its way through.
type work struct {
	*Masker
	drop func(admit.Reason, int)
	// lenient mends ids, where otherwise the sample is refused.
	lenient bool
	bad     *admit.Refusal
}

// Sample masks s, which was admitted, in place. tenant is whose user ids those are. drop is told what was taken out.
func (m *Masker) Sample(s *earshotv1.Sample, tenant string, drop func(admit.Reason, int)) *admit.Refusal {
	w := work{Masker: m, drop: drop}
	w.sample(s, tenant)
	return w.bad
}

// Letter masks s, which was refused, in place. Its texts may be of any kind; ids lose what is personal, as texts do.
func (m *Masker) Letter(s *earshotv1.Sample, tenant string) {
	w := work{Masker: m, drop: func(admit.Reason, int) {}, lenient: true}
	w.sample(s, tenant)
}

func (w *work) sample(s *earshotv1.Sample, tenant string) {
	w.unknown(s.ProtoReflect())
	w.id("call_id", -1, &s.CallId)
	w.id("session_id", -1, &s.SessionId)
	if c := s.Client; c != nil {
		w.client(c, tenant)
	}
	if o := s.Sfu; o != nil {
		w.unknown(o.ProtoReflect())
		w.machine("sfu.sfu_id", &o.SfuId)
		w.text(&o.Region)
		w.version(&o.Version)
		w.version(&o.ProbeVersion)
	}
	if s.Clock != nil {
		w.unknown(s.Clock.ProtoReflect())
	}
	for i, t := range s.Transports {
		w.transport(i, t, s.Sfu != nil)
	}
	for i, st := range s.Streams {
		w.stream(i, st)
	}
	for i, e := range s.Events {
		w.event(i, e)
	}
}

func (w *work) client(c *earshotv1.ClientOrigin, tenant string) {
	w.unknown(c.ProtoReflect())
	w.id("client.client_id", -1, &c.ClientId)
	w.version(&c.AppVersion)
	w.text(&c.Browser)
	w.version(&c.BrowserVersion)
	w.version(&c.Os)
	w.text(&c.NetworkType)
	w.version(&c.ProbeVersion)
	switch {
	case c.UserId == "" || w.cfg.UserID == Keep:
	case w.cfg.UserID == Hash && len(w.key) > 0:
		c.UserId = userid.Hash(w.key, w.cfg.UserIDKeyID, tenant, c.UserId)
	default:
		if w.cfg.UserID == Hash {
			w.drop(UserID, 1)
		}
		c.UserId = ""
	}
}

func (w *work) transport(i int, t *earshotv1.Transport, atSFU bool) {
	w.unknown(t.ProtoReflect())
	w.id("transports[].transport_id", i, &t.TransportId)
	w.id("transports[].call_id", i, &t.CallId)
	// It says no more than the link key does, so the sample is as good without it.
	if atSFU && t.SfuLink {
		w.optional(&t.RemoteOwnerId, inIDs&^address)
	} else {
		w.optional(&t.RemoteOwnerId, inIDs)
	}
	w.optional(&t.RemoteTransportId, inIDs)
	w.rtts(t.Rtts)
}

func (w *work) stream(i int, st *earshotv1.Stream) {
	w.unknown(st.ProtoReflect())
	// Admitted, it is that of one of the transports, which were looked at.
	if w.lenient {
		w.id("", i, &st.TransportId)
	}
	w.id("streams[].call_id", i, &st.CallId)
	w.id("streams[].track_id", i, &st.TrackId)
	w.id("streams[].forwarded_transport_id", i, &st.ForwardedTransportId)
	w.text(&st.Mid)
	w.text(&st.Rid)
	w.text(&st.Codec)
	w.rtts(st.Rtts)
}

func (w *work) rtts(rtts []*earshotv1.RTT) {
	for _, r := range rtts {
		w.unknown(r.ProtoReflect())
	}
}

func (w *work) event(i int, e *earshotv1.Event) {
	w.unknown(e.ProtoReflect())
	w.id("events[].transport_id", i, &e.TransportId)
	w.id("events[].track_id", i, &e.TrackId)
	if e.Type != earshotv1.EventType_EVENT_TYPE_DEVICE {
		w.text(&e.Value)
		return
	}
	switch e.Value {
	case "", "audioinput", "videoinput", "audiooutput":
	default:
		w.drop(DeviceLabel, 1)
		e.Value = deviceKind(e.Value)
	}
}

// deviceKind is what may be kept of the value of a device event.
func deviceKind(value string) string {
	for _, kind := range [...]string{"audioinput", "videoinput", "audiooutput"} {
		if strings.HasPrefix(value, kind) {
			return kind
		}
	}
	return ""
}

// unknown takes out the fields that this schema does not have.
func (w *work) unknown(m protoreflect.Message) {
	if len(m.GetUnknown()) > 0 {
		w.drop(UnknownField, 1)
		m.SetUnknown(nil)
	}
}

// id refuses what is personal. i is the place in a list, -1 outside of one.
func (w *work) id(where string, i int, s *string) {
	w.name(where, i, s, inIDs)
}

// machine is id for what may name a machine by its address.
func (w *work) machine(where string, s *string) {
	w.name(where, -1, s, inIDs&^address)
}

func (w *work) name(where string, i int, s *string, look kind) {
	if w.lenient {
		*s, _ = scrub(valid(*s), look, false)
		return
	}
	if w.bad != nil {
		return
	}
	if sp, ok := find(*s, 0, look); ok {
		w.bad = &admit.Refusal{Reason: PersonalID, Detail: indexed(where, i) + " holds " + sp.kind.article() +
			"; use an id that says nothing of a person or a device"}
	}
}

// optional takes out an id that is of use, but not needed.
func (w *work) optional(s *string, look kind) {
	if w.lenient {
		*s = valid(*s)
	}
	if _, ok := find(*s, 0, look); ok {
		*s = ""
		w.drop(PersonalText, 1)
	}
}

func (w *work) text(s *string)    { w.scrub(s, false) }
func (w *work) version(s *string) { w.scrub(s, true) }

func (w *work) scrub(s *string, version bool) {
	if w.lenient {
		*s = valid(*s)
	}
	clean, found := scrub(*s, inTexts, version)
	if found != nothing {
		*s = clean
		w.drop(PersonalText, 1)
	}
}
