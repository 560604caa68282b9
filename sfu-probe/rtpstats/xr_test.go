package rtpstats

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/stretchr/testify/require"
)

func TestXRMeasuresAsAReceiver(t *testing.T) {
	const ssrc, there, back = 7, 33 * time.Millisecond, 44 * time.Millisecond
	c := &clock{time.Unix(1700000000, 0)}
	receiver, sender := newEnd(t, c, Config{}), newEnd(t, c, Config{})
	receiver.receiver(ssrc)
	sender.sender(ssrc)
	atReceiver, atSender := receiver.reader(), sender.reader()

	receiver.send(&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: ssrc}}})
	c.pass(there)
	for _, b := range receiver.take() {
		atSender(b)
	}
	c.pass(500 * time.Millisecond)
	sender.send(&rtcp.SenderReport{SSRC: ssrc, NTPTime: ntpTime(c.now())})
	c.pass(back)
	answers := sender.take()
	require.Len(t, answers, 1)
	atReceiver(answers[0])
	require.Equal(t, uint64(1), receiver.XR().Count)
	require.InDelta(t, there+back, receiver.XR().Latest, float64(grain))

	other := receiver.reader()
	c.pass(5 * time.Millisecond)
	other(answers[0])
	require.Equal(t, uint64(1), receiver.XR().Count, "the same answer at another reader")

	sender.send(&rtcp.SenderReport{SSRC: ssrc, NTPTime: ntpTime(c.now())})
	pkts, err := rtcp.Unmarshal(sender.take()[0])
	require.NoError(t, err)
	require.Len(t, pkts, 1, "nobody has asked again")
}

func TestReferenceTimesGoOutAsConfigured(t *testing.T) {
	rrtr := interceptor.RTCPFeedback{Type: "rrtr"}
	for _, test := range []struct {
		name     string
		mode     XRMode
		feedback []interceptor.RTCPFeedback
		want     bool
	}{
		{"always", XRAlways, nil, true},
		{"negotiated, and it was", XRNegotiated, []interceptor.RTCPFeedback{{Type: "nack"}, rrtr}, true},
		{"negotiated, and it was not", XRNegotiated, []interceptor.RTCPFeedback{{Type: "nack"}}, false},
		{"never", XRNever, []interceptor.RTCPFeedback{rrtr}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &clock{time.Unix(1700000000, 0)}
			e := newEnd(t, c, Config{XR: test.mode})
			e.receiver(7, test.feedback...)
			e.send(&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 7}}})
			pkts, err := rtcp.Unmarshal(e.take()[0])
			require.NoError(t, err)
			require.Equal(t, test.want, len(pkts) == 2)
		})
	}
}

func TestReferenceTimesGoOutOnceForAllStreamsOfALink(t *testing.T) {
	c := &clock{time.Unix(1700000000, 0)}
	e := newEnd(t, c, Config{})
	for ssrc := range uint32(10) {
		e.receiver(ssrc)
	}
	for range 5 {
		for ssrc := range uint32(10) {
			e.send(&rtcp.ReceiverReport{SSRC: 100 + ssrc, Reports: []rtcp.ReceptionReport{{SSRC: ssrc}}})
		}
		c.pass(time.Second)
	}
	extended := 0
	for _, b := range e.take() {
		pkts, err := rtcp.Unmarshal(b)
		require.NoError(t, err)
		extended += len(pkts) - 1
	}
	require.Equal(t, 5, extended)
}

func TestReferenceTimesOfOthersAreBounded(t *testing.T) {
	c := &clock{time.Unix(1700000000, 0)}
	e := newEnd(t, c, Config{})
	e.sender(7)
	read := e.reader()
	for receiver := range uint32(1000) {
		b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ExtendedReport{SenderSSRC: receiver, Reports: []rtcp.ReportBlock{
			&rtcp.ReceiverReferenceTimeReportBlock{NTPTimestamp: ntpTime(c.now())},
		}}})
		require.NoError(t, err)
		read(b)
	}
	e.send(&rtcp.SenderReport{SSRC: 7})
	pkts, err := rtcp.Unmarshal(e.take()[0])
	require.NoError(t, err)
	xr, ok := pkts[1].(*rtcp.ExtendedReport)
	require.True(t, ok)
	block, ok := xr.Reports[0].(*rtcp.DLRRReportBlock)
	require.True(t, ok)
	require.Len(t, block.Reports, maxReferences)
	require.Equal(t, uint32(999), block.Reports[maxReferences-1].SSRC)
}
