package rtpstats

import (
	"time"

	"github.com/pion/rtcp"
)

// rrtrEvery is the least time between two receiver reference times on one connection. Receiver reports come per stream;
// the link is measured once for all.
const rrtrEvery = 800 * time.Millisecond

// maxReferences bounds the reference times of others that wait for an answer, and the blocks of one answer.
const maxReferences = 16

// xr is both roles of RFC 3611 sections 4.4 and 4.5 on one connection. Its owner holds the lock.
type xr struct {
	// As a receiver of media: when our reference times left, and what was measured.
	references departures
	lastLeft   int64
	rtt        RTT
	answered   uint32
	hasAnswer  bool
	// As a sender of media: reference times that wait for an answer.
	waiting []reference
}

type reference struct {
	receiver uint32
	ntp      uint32
	at       int64
}

// came notes a reference time of the other end.
func (x *xr) came(receiver uint32, ntp uint64, at int64) {
	r := reference{receiver, middle(ntp), at}
	for i := range x.waiting {
		if x.waiting[i].receiver == receiver {
			x.waiting[i] = r
			return
		}
	}
	if len(x.waiting) == maxReferences {
		x.waiting = append(x.waiting[:0], x.waiting[1:]...)
	}
	x.waiting = append(x.waiting, r)
}

// answer adds to extra the DLRR block to send beside the sender report of ssrc, if anybody asked.
func (x *xr) answer(ssrc uint32, now int64, extra *rtcp.ExtendedReport) {
	if len(x.waiting) == 0 {
		return
	}
	block := &rtcp.DLRRReportBlock{Reports: make([]rtcp.DLRRReport, 0, len(x.waiting))}
	for _, r := range x.waiting {
		block.Reports = append(block.Reports, rtcp.DLRRReport{
			SSRC:   r.receiver,
			LastRR: r.ntp,
			DLRR:   shortTime(time.Duration(now - r.at)),
		})
	}
	x.waiting = x.waiting[:0]
	extra.SenderSSRC = ssrc
	extra.Reports = append(extra.Reports, block)
}

// ask adds to extra the reference time to send beside a receiver report of ssrc, unless it is too early for another one.
func (x *xr) ask(ssrc uint32, wall time.Time, now int64, extra *rtcp.ExtendedReport) {
	if x.references.next > 0 && now-x.lastLeft < int64(rrtrEvery) {
		return
	}
	ntp := ntpTime(wall)
	x.references.left(middle(ntp), now)
	x.lastLeft = now
	extra.SenderSSRC = ssrc
	extra.Reports = append(extra.Reports, &rtcp.ReceiverReferenceTimeReportBlock{NTPTimestamp: ntp})
}

// delayed takes in the answer to one of our reference times.
func (x *xr) delayed(lrr, dlrr uint32, at int64, wall time.Time) {
	left, ok := x.references.of(lrr)
	if !ok {
		return
	}
	then := lrr + dlrr
	if d := int32(then - x.answered); x.hasAnswer && d <= 0 && d > -clockStep { // a signed distance
		return // It came before, to the reader of another stream.
	}
	x.answered, x.hasAnswer = then, true
	x.rtt.Add(time.Duration(at-left)-fromShortTime(dlrr), wall)
}
