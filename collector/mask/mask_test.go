package mask_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/mask"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/userid"
)

const key = "0123456789abcdef0123456789abcdef"

func masker(t testing.TB, change ...func(*mask.Config)) *mask.Masker {
	t.Helper()
	cfg := mask.DefaultConfig()
	for _, f := range change {
		f(&cfg)
	}
	m, err := mask.New(cfg)
	require.NoError(t, err)
	return m
}

func client() *pb.Sample {
	return &pb.Sample{
		Client: &pb.ClientOrigin{ClientId: "f2b1c8e0-6f3c-4f43-9a55-1d9f4f1e4a10", UserId: "ana"}, CallId: "standup@conference.example.org",
		SessionId: "s1", Transports: []*pb.Transport{{TransportId: "t1", Rtts: []*pb.RTT{{}}}}, Streams: []*pb.Stream{{TransportId: "t1", TrackId: "a:1"}},
		Events: []*pb.Event{{Type: pb.EventType_EVENT_TYPE_CUSTOM, Value: "hand raised"}}, Clock: &pb.ClockOffset{},
	}
}

func run(m *mask.Masker, s *pb.Sample) (map[admit.Reason]int, *admit.Refusal) {
	drops := map[admit.Reason]int{}
	r := m.Sample(s, "acme", func(why admit.Reason, n int) { drops[why] += n })
	return drops, r
}

func TestAnAddressIsCutToItsNetwork(t *testing.T) {
	m := masker(t)
	for in, want := range map[string]string{
		"203.0.113.77": "203.0.113.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/48", "::ffff:203.0.113.77": "203.0.113.0/24", "fe80::1%eth0": "fe80::/48",
	} {
		require.Equal(t, want, m.Address(netip.MustParseAddr(in)))
	}
	require.Empty(t, m.Address(netip.Addr{}))
	require.Empty(t, masker(t, func(c *mask.Config) { c.Address = mask.Drop }).Address(netip.MustParseAddr("203.0.113.77")))
	require.Equal(t, "203.0.113.77", masker(t, func(c *mask.Config) { c.Address = mask.Keep }).Address(netip.MustParseAddr("::ffff:203.0.113.77")))
}

func TestAUserID(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte(key+"\n"), 0o600))
	for name, tc := range map[string]struct {
		change func(*mask.Config)
		want   string
		drops  int
	}{
		"is dropped where there is no key": {func(*mask.Config) {}, "", 1},
		"is hashed":                        {func(c *mask.Config) { c.UserIDKey, c.UserIDKeyID = key, "2026" }, userid.Hash([]byte(key), "2026", "acme", "ana"), 0},
		"is hashed with a key from a file": {func(c *mask.Config) { c.UserIDKeyFile = file }, userid.Hash([]byte(key), "", "acme", "ana"), 0},
		"is dropped":                       {func(c *mask.Config) { c.UserIDKey, c.UserID = key, mask.Drop }, "", 0},
		"is kept":                          {func(c *mask.Config) { c.UserID = mask.Keep }, "ana", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := client()
			drops, r := run(masker(t, tc.change), s)
			require.Nil(t, r)
			require.Equal(t, tc.want, s.Client.UserId)
			require.Equal(t, tc.drops, drops[mask.UserID])
		})
	}
}

func TestWhatTheSchemaDoesNotHaveIsTakenOutOfEveryMessage(t *testing.T) {
	s := client()
	s.Sfu = &pb.SFUOrigin{}
	unknown := []byte{0xfa, 0x3f, 0x02, 'h', 'i'}
	s.ProtoReflect().SetUnknown(unknown)
	s.Client.ProtoReflect().SetUnknown(unknown)
	s.Sfu.ProtoReflect().SetUnknown(unknown)
	s.Clock.ProtoReflect().SetUnknown(unknown)
	s.Transports[0].ProtoReflect().SetUnknown(unknown)
	s.Transports[0].Rtts[0].ProtoReflect().SetUnknown(unknown)
	s.Streams[0].ProtoReflect().SetUnknown(unknown)
	s.Events[0].ProtoReflect().SetUnknown(unknown)
	drops, r := run(masker(t), s)
	require.Nil(t, r)
	require.Equal(t, 8, drops[mask.UnknownField])
	raw, err := s.MarshalVT()
	require.NoError(t, err)
	require.NotContains(t, string(raw), "hi")
}

func TestADeviceEventKeepsTheKindOfDeviceOnly(t *testing.T) {
	for in, want := range map[string]string{
		"audioinput": "audioinput", "": "", "videoinput: Ana's FaceTime HD": "videoinput", "Jabra Link 380": "",
	} {
		s := client()
		s.Events[0] = &pb.Event{Type: pb.EventType_EVENT_TYPE_DEVICE, Value: in}
		drops, r := run(masker(t), s)
		require.Nil(t, r)
		require.Equal(t, want, s.Events[0].Value)
		require.Equal(t, in != want, drops[mask.DeviceLabel] == 1)
	}
}

func TestAnIDThatSaysSomethingPersonalIsRefusedByName(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*pb.Sample)
		want  string
	}{
		"call":      {func(s *pb.Sample) { s.CallId = "call-203.0.113.77" }, "call_id holds an IP address"},
		"session":   {func(s *pb.Sample) { s.SessionId = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc" }, "session_id holds a token"},
		"client":    {func(s *pb.Sample) { s.Client.ClientId = "2001:db8::1" }, "client.client_id holds an IP address"},
		"transport": {func(s *pb.Sample) { s.Transports[0].TransportId = "10.0.0.7:5000" }, "transports[0].transport_id holds an IP address"},
		"track": {func(s *pb.Sample) { s.Streams[0].TrackId = "candidate:1 1 udp 1 1.2.3.4 5 typ host" },
			"streams[0].track_id holds an ICE candidate or credentials"},
		"forwarded": {func(s *pb.Sample) { s.Streams[0].ForwardedTransportId = "aa:bb:cc:dd:ee:ff" },
			"streams[0].forwarded_transport_id holds a certificate's fingerprint or a hardware address"},
		"event": {func(s *pb.Sample) { s.Events[0].TrackId = "fe80::1" }, "events[0].track_id holds an IP address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := client()
			tc.spoil(s)
			_, r := run(masker(t), s)
			require.NotNil(t, r)
			require.Equal(t, mask.PersonalID, r.Reason)
			require.True(t, strings.HasPrefix(r.Detail, tc.want), r.Detail)
		})
	}
}

func TestMachinesMayBeNamedByTheirAddress(t *testing.T) {
	s := client()
	s.Client, s.Sfu = nil, &pb.SFUOrigin{SfuId: "sfu-10.0.0.7", Region: "eu"}
	s.Transports[0].SfuLink, s.Transports[0].RemoteOwnerId = true, "sfu-10.0.0.8"
	s.Transports = append(s.Transports, &pb.Transport{TransportId: "t2", RemoteOwnerId: "203.0.113.77"})
	drops, r := run(masker(t), s)
	require.Nil(t, r)
	require.Equal(t, "sfu-10.0.0.8", s.Transports[0].RemoteOwnerId)
	require.Empty(t, s.Transports[1].RemoteOwnerId, "it may be a client's")
	require.Equal(t, 1, drops[mask.PersonalText])
}

func TestKeysAndChoicesThatMakeNoSenseAreNamed(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	require.NoError(t, os.WriteFile(short, []byte("abc"), 0o600))
	for want, change := range map[string]func(*mask.Config){
		`privacy.address is "hide"; use mask, drop or keep`: func(c *mask.Config) { c.Address = "hide" },
		"privacy.ipv4_bits is 33":                           func(c *mask.Config) { c.IPv4Bits = 33 },
		"privacy.ipv6_bits is -1":                           func(c *mask.Config) { c.IPv6Bits = -1 },
		"privacy.user_id_key has 3 bytes":                   func(c *mask.Config) { c.UserIDKey = "abc" },
		"privacy.user_id_key and privacy.user_id_key_file":  func(c *mask.Config) { c.UserIDKey, c.UserIDKeyFile = key, "x" },
		"privacy.user_id_key_id":                            func(c *mask.Config) { c.UserIDKeyID = "a:b" },
		"privacy.dead_letters":                              func(c *mask.Config) { c.DeadLetters = "all" },
		"privacy.user_id_key_file: open /no/such":           func(c *mask.Config) { c.UserIDKeyFile = "/no/such" },
		"has 3 bytes; give at least 16":                     func(c *mask.Config) { c.UserIDKeyFile = short },
	} {
		cfg := mask.DefaultConfig()
		change(&cfg)
		_, err := mask.New(cfg)
		require.ErrorContains(t, err, want)
	}
}

func BenchmarkSample(b *testing.B) {
	m := masker(b, func(c *mask.Config) { c.UserIDKey = key })
	s := client()
	for range 13 {
		s.Streams = append(s.Streams, &pb.Stream{TransportId: "t1", TrackId: "f2b1c8e0-6f3c-4f43-9a55-1d9f4f1e4a10", Codec: "opus", Mid: "3", Rtts: []*pb.RTT{{}}})
	}
	drop := func(admit.Reason, int) {}
	b.ReportAllocs()
	for b.Loop() {
		s.Client.UserId = "ana"
		if r := m.Sample(s, "acme", drop); r != nil {
			b.Fatal(r)
		}
	}
}
