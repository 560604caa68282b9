package mask_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector/mask"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

const fingerprint = "7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08"

func TestTextsLoseWhatIsPersonal(t *testing.T) {
	for in, want := range map[string]string{
		"":                                   "",
		"connected":                          "connected",
		"host/udp -> relay/tcp":              "host/udp -> relay/tcp",
		"at 10:20:30 on 2026-11-23":          "at 10:20:30 on 2026-11-23",
		"std::vector a::b ::1":               "std::vector a::b ::1",
		"1.2.3 and 1.2.3.4.5 and 300.1.1.1":  "1.2.3 and 1.2.3.4.5 and 300.1.1.1",
		"131.0.6778.86":                      "131.0.6778.86",
		"0.9.1.2":                            "0.9.1.2",
		"from 203.0.113.77:5000 to 10.0.0.1": "from [address]:5000 to [address]",
		"ip203.0.113.77.":                    "ip[address].",
		"[2001:db8::1]:443":                  "[[address]]:443",
		"2001:db8:0:0:0:0:0:1:443":           "[address]:443",
		"fe80::1: unreachable":               "[address]: unreachable",
		"::ffff:203.0.113.77":                "::ffff:[address]",
		"cert " + fingerprint + " seen":      "cert [fingerprint] seen",
		strings.ToLower(fingerprint):         "[fingerprint]",
		"mac 00:1b:44:11:3a:b7":              "mac [fingerprint]",
		"candidate:1 1 UDP 2122 192.168.1.7 5 typ host":                    "[ice]",
		"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n":                              "[ice]",
		`{"usernameFragment":"a1B2"}`:                                      "[ice]",
		"generation 0 ufrag a1B2 network-cost 999":                         "[ice]",
		"Logitech BRIO (046d:085e)":                                        "[device]",
		"mailto ana.b@mail.example.org now":                                "mailto [mail] now",
		"ana@home":                                                         "ana@home",
		"auth eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln failed":            "auth [token] failed",
		"Authorization: Bearer abc.def":                                    "Authorization: Bearer [token]",
		"GET /v1/stream?token=s3cr3t&x=1":                                  "GET /v1/stream?token=[token]&x=1",
		"from ana@203.0.113.77 and bo@mail.example.org at 2001:db8::9, ok": "from [mail] and [mail] at [address], ok",
	} {
		require.Equal(t, want, mask.Text(in), in)
		require.Equal(t, want, mask.Text(want), "twice")
	}
}

func TestVersionsStayVersions(t *testing.T) {
	s := client()
	s.Client.AppVersion, s.Client.BrowserVersion, s.Client.Os = "4.12.0.77", "131.0.6778.86", "Windows 10.0.19045.1"
	drops, r := run(masker(t), s)
	require.Nil(t, r)
	require.Equal(t, []string{"4.12.0.x", "131.0.6778.86", "Windows 10.0.19045.1"}, []string{s.Client.AppVersion, s.Client.BrowserVersion, s.Client.Os})
	require.Equal(t, 1, drops[mask.PersonalText])
}

func TestDetailsDoNotQuote(t *testing.T) {
	for in, want := range map[string]string{
		`transports[3].call_id is "a \"b\" c", the sample's is "d"`:                 `transports[3].call_id is ...`,
		`not JSON: (line 1:14): invalid value for int64 field sequence: 4915112345`: "not JSON: (line 1:14): invalid value for int64 field sequence",
		`not JSON: syntax error (line 1:1): unexpected token s3cr3t`:                "not JSON: syntax error (line 1:1): unexpected token",
		`not JSON: syntax error (line 1:1): invalid value s3cr3t`:                   "not JSON: syntax error (line 1:1): invalid value",
		`cut off: "s3cr3t ...`:                                  `cut off: ...`,
		"sampled_at_us lies 5 s ahead of the collector's clock": "sampled_at_us lies 5 s ahead of the collector's clock",
		"no route to 203.0.113.77":                              "no route to [address]",
		"bytes \xff":                                            "bytes \uFFFD",
	} {
		require.Equal(t, want, mask.Detail(in))
	}
}

func TestARefusedSampleIsMendedWhateverItsTexts(t *testing.T) {
	s := client()
	s.Client.ClientId, s.CallId = "ana-203.0.113.77", "\xff\xfe"
	s.Streams[0].TransportId = strings.Repeat("x", 9000)
	s.Events[0].Value = "at fe80::1"
	masker(t).Letter(s, "")
	require.Equal(t, "ana-[address]", s.Client.ClientId)
	require.True(t, utf8.ValidString(s.CallId))
	require.Len(t, s.Streams[0].TransportId, 512)
	require.Equal(t, "at [address]", s.Events[0].Value)
	require.Empty(t, s.Client.UserId)
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a 1.2.3.4 b", fingerprint, "x@y.z", "eyJhbGciOiJIUzI1NiJ9.e30.x", "(046d:085e)", "2001:db8::1:", "token=", ":::", "1.1.1.1@a.b"} {
		f.Add(s)
	}
	m := masker(f)
	f.Fuzz(func(t *testing.T, s string) {
		once := mask.Text(s)
		require.Equal(t, once, mask.Text(once), "nothing is left to be found")
		_ = mask.Detail(s)
		m.Letter(&pb.Sample{CallId: s, Events: []*pb.Event{{Value: s}}}, "")
	})
}
