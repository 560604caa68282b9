package rtpstats

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/stretchr/testify/require"
)

const grain = 31 * time.Microsecond // two truncations to 1/65536 s

func TestRTTComesOfReportBlocks(t *testing.T) {
	const ssrc, there, held, back = 7, 40 * time.Millisecond, 300 * time.Millisecond, 25 * time.Millisecond
	block := func(sr *rtcp.SenderReport, delay time.Duration) rtcp.ReceptionReport {
		return rtcp.ReceptionReport{SSRC: ssrc, LastSenderReport: middle(sr.NTPTime), Delay: shortTime(delay), TotalLost: 3, Jitter: 480}
	}
	for _, test := range []struct {
		name   string
		report func(rtcp.ReceptionReport) rtcp.Packet
	}{
		{"in a receiver report", func(b rtcp.ReceptionReport) rtcp.Packet {
			return &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{b}}
		}},
		{"in a sender report, second of two", func(b rtcp.ReceptionReport) rtcp.Packet {
			return &rtcp.SenderReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 99}, b}}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &clock{time.Unix(1700000000, 0)}
			e := newEnd(t, c, Config{})
			e.sender(ssrc)
			read := e.reader()
			sr := &rtcp.SenderReport{SSRC: ssrc, NTPTime: ntpTime(c.now())}
			e.send(sr)
			c.pass(there + held + back)
			b, err := test.report(block(sr, held)).Marshal()
			require.NoError(t, err)
			read(b)
			s := e.Outbound(ssrc).Stats()
			require.Equal(t, uint64(1), s.RTT.Count)
			require.InDelta(t, there+back, s.RTT.Latest, float64(grain))
			require.Equal(t, c.now(), s.RTT.MeasuredAt)
			require.Equal(t, int64(3), s.RemoteLost)
			require.Equal(t, 10*time.Millisecond, s.RemoteJitter)
		})
	}
}

func TestAReportCountsOnceHoweverOftenItIsRead(t *testing.T) {
	const ssrc = 7
	c := &clock{time.Unix(1700000000, 0)}
	e := newEnd(t, c, Config{})
	e.sender(ssrc)
	e.sender(ssrc + 1)
	first, second := e.reader(), e.reader()
	sr := &rtcp.SenderReport{SSRC: ssrc, NTPTime: ntpTime(c.now())}
	e.send(sr)
	report := func(delay time.Duration) []byte {
		b, err := rtcp.Marshal([]rtcp.Packet{
			&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{
				{SSRC: ssrc, LastSenderReport: middle(sr.NTPTime), Delay: shortTime(delay)}, {SSRC: ssrc + 1},
			}},
			&rtcp.PictureLossIndication{MediaSSRC: ssrc},
		})
		require.NoError(t, err)
		return b
	}
	c.pass(50 * time.Millisecond)
	one := report(10 * time.Millisecond)
	first(one)
	c.pass(70 * time.Millisecond)
	second(one) // the same compound, at the reader of the other stream
	s := e.Outbound(ssrc).Stats()
	require.Equal(t, uint64(1), s.RTT.Count)
	require.InDelta(t, 40*time.Millisecond, s.RTT.Latest, float64(grain))
	require.Equal(t, uint64(1), s.PLIs)

	c.pass(30 * time.Millisecond)
	second(report(110 * time.Millisecond)) // a new one, about the same sender report
	s = e.Outbound(ssrc).Stats()
	require.Equal(t, uint64(2), s.RTT.Count)
	require.InDelta(t, 40*time.Millisecond, s.RTT.Latest, float64(grain))
	require.Equal(t, uint64(2), s.PLIs)

	first(report(20 * time.Millisecond)) // an old one that was on its way for long
	require.Equal(t, uint64(2), e.Outbound(ssrc).Stats().RTT.Count)
}

func TestWhatIsNoRoundTripTimeIsNotOne(t *testing.T) {
	const ssrc = 7
	for _, test := range []struct {
		name string
		wait time.Duration
		held time.Duration
		lsr  func(uint32) uint32
	}{
		{name: "zero", wait: time.Second, held: time.Second},
		{name: "negative", wait: time.Second, held: 2 * time.Second},
		{name: "more than ten seconds", wait: 12 * time.Second, held: time.Second},
		{name: "no sender report seen yet", wait: time.Second, lsr: func(uint32) uint32 { return 0 }},
		{name: "a sender report that is not ours", wait: time.Second, lsr: func(v uint32) uint32 { return v - 65536/2 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &clock{time.Unix(1700000000, 0)}
			e := newEnd(t, c, Config{})
			e.sender(ssrc)
			read := e.reader()
			sr := &rtcp.SenderReport{SSRC: ssrc, NTPTime: ntpTime(c.now())}
			e.send(sr)
			c.pass(test.wait)
			lsr := middle(sr.NTPTime)
			if test.lsr != nil {
				lsr = test.lsr(lsr)
			}
			b, err := (&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{
				{SSRC: ssrc, LastSenderReport: lsr, Delay: shortTime(test.held)},
			}}).Marshal()
			require.NoError(t, err)
			read(b)
			require.Zero(t, e.Outbound(ssrc).Stats().RTT.Count)
		})
	}
}

func TestAClockSetBackDoesNotStopTheMeasuring(t *testing.T) {
	const ssrc = 7
	c := &clock{time.Unix(1700000000, 0)}
	e := newEnd(t, c, Config{})
	e.sender(ssrc)
	read := e.reader()
	for _, wall := range []time.Time{c.now(), c.now().Add(-time.Hour)} {
		sr := &rtcp.SenderReport{SSRC: ssrc, NTPTime: ntpTime(wall)}
		e.send(sr)
		c.pass(20 * time.Millisecond)
		b, err := (&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: ssrc, LastSenderReport: middle(sr.NTPTime)}}}).Marshal()
		require.NoError(t, err)
		read(b)
	}
	require.Equal(t, uint64(2), e.Outbound(ssrc).Stats().RTT.Count)
}

func TestRTTWithoutHavingSeenTheSenderReport(t *testing.T) {
	const ssrc = 7
	c := &clock{time.Unix(1700000000, 0)}
	e := newEnd(t, c, Config{})
	e.sender(ssrc)
	read := e.reader()
	left := c.now()
	c.pass(90 * time.Millisecond)
	b, err := (&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{
		{SSRC: ssrc, LastSenderReport: middle(ntpTime(left)), Delay: shortTime(60 * time.Millisecond)},
	}}).Marshal()
	require.NoError(t, err)
	read(b)
	require.InDelta(t, 30*time.Millisecond, e.Outbound(ssrc).Stats().RTT.Latest, float64(3*grain))
}

func TestFeedbackIsCountedAtBothEnds(t *testing.T) {
	c := &clock{time.Unix(1700000000, 0)}
	receiver, sender := newEnd(t, c, Config{}), newEnd(t, c, Config{})
	receiver.receiver(7)
	sender.sender(7)
	read := sender.reader()
	receiver.send(&rtcp.TransportLayerNack{MediaSSRC: 7, Nacks: []rtcp.NackPair{{PacketID: 1}, {PacketID: 30}}})
	receiver.send(&rtcp.PictureLossIndication{MediaSSRC: 7})
	receiver.send(&rtcp.PictureLossIndication{MediaSSRC: 7})
	receiver.send(&rtcp.FullIntraRequest{MediaSSRC: 7, FIR: []rtcp.FIREntry{{SSRC: 7}, {SSRC: 8}}})
	receiver.send(&rtcp.PictureLossIndication{MediaSSRC: 8})
	for _, b := range receiver.take() {
		read(b)
	}
	in, out := receiver.Inbound(7).Stats(), sender.Outbound(7).Stats()
	require.Equal(t, [3]uint64{1, 2, 1}, [3]uint64{in.NACKs, in.PLIs, in.FIRs})
	require.Equal(t, [3]uint64{1, 2, 1}, [3]uint64{out.NACKs, out.PLIs, out.FIRs})
}

func TestResidence(t *testing.T) {
	c := &clock{time.Unix(1700000000, 0)}
	in, out := newEnd(t, c, Config{ResidenceEvery: 3}), newEnd(t, c, Config{}) // 3 is rounded up to 4
	receive, send := in.receiver(7), out.sender(9)
	out.Outbound(9).SetSource(&Source{Stream: in.Inbound(7), Sequence: 1000, Timestamp: 50})
	for seq := range uint16(40) {
		receive(packet(t, seq, 480*uint32(seq), 10))
		d := 2 * time.Millisecond
		if seq == 20 {
			d = 12 * time.Millisecond
		}
		c.pass(d)
		send(seq+1000, 480*uint32(seq)+50, 10)
	}
	s := out.Outbound(9).Stats()
	require.Equal(t, Residence{Mean: 3 * time.Millisecond, Max: 12 * time.Millisecond, Packets: 10}, s.Residence)
	require.Zero(t, out.Outbound(9).Stats().Residence, "a new interval")

	send(1036, 480*36+50, 10) // the answer to a NACK, a while later
	s = out.Outbound(9).Stats()
	require.Zero(t, s.Residence)
	require.Equal(t, uint64(1), s.Retransmitted)

	send(1040, 1, 10)
	require.Zero(t, out.Outbound(9).Stats().Residence, "a packet with another timestamp is another packet")
}

func TestStreamsThatEndAreGivenOutOnce(t *testing.T) {
	c := &clock{time.Unix(1700000000, 0)}
	e := newEnd(t, c, Config{})
	e.Keep(true)
	receive, send := e.receiver(1), e.sender(2)
	receive(packet(t, 1, 1, 100))
	send(1, 1, 200)
	before := e.Version()
	sent, received := e.Bytes()
	e.UnbindRemoteStream(&interceptor.StreamInfo{SSRC: 1})
	e.UnbindLocalStream(&interceptor.StreamInfo{SSRC: 2})
	require.NotEqual(t, before, e.Version())
	live, ended := e.Streams(Streams{}, Streams{})
	require.Empty(t, live.Inbound)
	require.Empty(t, live.Outbound)
	require.Len(t, ended.Inbound, 1)
	require.Len(t, ended.Outbound, 1)
	require.Equal(t, uint64(100), ended.Inbound[0].Stats().Bytes)
	require.Equal(t, uint64(200), ended.Outbound[0].Stats().Bytes)
	_, ended = e.Streams(Streams{}, Streams{})
	require.Empty(t, ended.Inbound)
	sentAfter, receivedAfter := e.Bytes()
	require.Equal(t, sent, sentAfter)
	require.Equal(t, received, receivedAfter)
	require.Equal(t, uint64(212), sent)

	e.Keep(false)
	e.receiver(1)
	e.UnbindRemoteStream(&interceptor.StreamInfo{SSRC: 1})
	_, ended = e.Streams(Streams{}, Streams{})
	require.Empty(t, ended.Inbound, "nobody asks")
}

func TestCloseIsSeen(t *testing.T) {
	e := newEnd(t, &clock{}, Config{})
	select {
	case <-e.Closed():
		require.Fail(t, "closed too early")
	default:
	}
	require.NoError(t, e.Close())
	require.NoError(t, e.Close())
	<-e.Closed()
}
