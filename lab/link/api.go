package link

import (
	"fmt"
	"net"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"
	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/delay"
)

// The codecs of the laboratory.
var (
	Opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}
	VP8  = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}}
)

const (
	opusType = 111
	vp8Type  = 96

	// keepalive is how long a selected pair may be silent in one direction before Pion checks it. Pion measures ICE round
	// trips by these checks alone; at its default of two seconds a pair with media one way and a report a second the other
	// way would never be silent for long enough.
	keepalive = 200 * time.Millisecond

	reportEvery = time.Second
	// nackHistory is packets kept for retransmission: two seconds of video.
	nackHistory = 256
)

// api makes the Pion API of one end: each end has a way out of its own.
func (m *Maker) api(end End) (*webrtc.API, error) {
	me := &webrtc.MediaEngine{}
	for kind, codec := range map[webrtc.RTPCodecType]webrtc.RTPCodecParameters{
		webrtc.RTPCodecTypeAudio: {RTPCodecCapability: Opus, PayloadType: opusType},
		webrtc.RTPCodecTypeVideo: {RTPCodecCapability: VP8, PayloadType: vp8Type},
	} {
		if err := me.RegisterCodec(codec, kind); err != nil {
			return nil, fmt.Errorf("register codec: %w", err)
		}
	}
	if err := webrtc.ConfigureSimulcastExtensionHeaders(me); err != nil {
		return nil, fmt.Errorf("register header extensions: %w", err)
	}

	registry := &interceptor.Registry{}
	if end.Probe != nil {
		registry.Add(end.Probe.Interceptor()) // first: next to the wire
	}
	if err := m.interceptors(registry); err != nil {
		return nil, err
	}

	se := webrtc.SettingEngine{LoggerFactory: m.Logger}
	base, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	se.SetNet(&network{Net: base, line: m.Line, path: end.Path})
	se.SetIncludeLoopbackCandidate(true)
	se.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetICETimeouts(10*time.Second, 20*time.Second, keepalive)
	se.DisableActiveTCP(true)
	se.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM) // the cheapest where the processor knows AES
	return webrtc.NewAPI(webrtc.WithMediaEngine(me), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(se)), nil
}

// interceptors adds what every client and SFU has: reports, and retransmission on request.
func (m *Maker) interceptors(registry *interceptor.Registry) error {
	// Connections that start together would report together for ever and queue behind one another; as RFC 3550 section 6.2
	// has it, each keeps a pace of its own.
	pace := func() time.Duration { return reportEvery * time.Duration(900+m.Rand.IntN(200)) / 1000 }
	receiver, err := report.NewReceiverInterceptor(report.ReceiverInterval(pace()))
	if err != nil {
		return fmt.Errorf("receiver reports: %w", err)
	}
	sender, err := report.NewSenderInterceptor(report.SenderInterval(pace()))
	if err != nil {
		return fmt.Errorf("sender reports: %w", err)
	}
	generator, err := nack.NewGeneratorInterceptor()
	if err != nil {
		return fmt.Errorf("nack generator: %w", err)
	}
	responder, err := nack.NewResponderInterceptor(nack.ResponderSize(nackHistory))
	if err != nil {
		return fmt.Errorf("nack responder: %w", err)
	}
	registry.Add(receiver)
	registry.Add(sender)
	registry.Add(responder)
	registry.Add(generator)
	return nil
}

// network is the host's, but its UDP sockets write over the delay line. Every gathering of candidates opens sockets of its
// own, so an ICE restart changes addresses as it does on a phone that changes networks.
type network struct {
	transport.Net
	line *delay.Line
	path func() delay.Path
}

func (n *network) ListenUDP(_ string, addr *net.UDPAddr) (transport.UDPConn, error) {
	return n.line.Listen(addr, n.path)
}
