package client

import (
	"time"

	"github.com/pion/webrtc/v3"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Decorate adds to a sample of the client's probe what lies above RTP: frames, jitter buffer, decoder, mute. It is for
// sfuprobe.Config.
func (c *Client) Decorate(sample *earshotv1.Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range sample.GetStreams() {
		ssrc := webrtc.SSRC(s.GetSsrc())
		if s.GetDirection() == earshotv1.Direction_DIRECTION_OUTBOUND {
			if o, ok := c.outs[ssrc]; ok {
				o.decorate(s)
			}
		} else if i, ok := c.ins[ssrc]; ok {
			i.decorate(s)
		}
	}
}

func (o out) decorate(s *earshotv1.Stream) {
	stats := o.source.Stats(o.rid)
	s.Muted = stats.Muted
	s.EncodeTimeUs = micros(stats.EncodeTime)
	s.PacketSendDelayUs = micros(stats.SendDelay)
	if s.GetKind() == earshotv1.MediaKind_MEDIA_KIND_VIDEO {
		s.Frames, s.KeyFrames = stats.Frames, stats.KeyFrames
		s.FrameWidth, s.FrameHeight = uint32(stats.Width), uint32(stats.Height)
		s.QualityLimitation = earshotv1.QualityLimitation_QUALITY_LIMITATION_NONE
	}
}

func (i in) decorate(s *earshotv1.Stream) {
	if i.audio != nil {
		a := i.audio.Stats(time.Now())
		s.SamplesReceived, s.SamplesConcealed, s.ConcealmentEvents = a.SamplesReceived, a.SamplesConcealed, a.ConcealmentEvents
		s.PacketsDiscarded = a.PacketsDiscarded
		s.JitterBufferDelayUs, s.JitterBufferEmitted, s.JitterBufferTargetUs = micros(a.JitterBufferDelay), a.Emitted, micros(a.Target)
		s.DecodeTimeUs = micros(a.DecodeTime)
		s.PlayoutDelayUs, s.PlayoutCount = micros(a.PlayoutDelay), a.Emitted
		return
	}
	v := i.video.Stats()
	s.Frames, s.KeyFrames, s.FramesDropped = v.Frames, v.KeyFrames, v.Dropped
	s.FrameWidth, s.FrameHeight = uint32(v.Width), uint32(v.Height)
	s.FreezeCount, s.FreezeDurationUs = v.FreezeCount, micros(v.FreezeDuration)
	s.JitterBufferDelayUs, s.JitterBufferEmitted, s.JitterBufferTargetUs = micros(v.JitterBufferDelay), v.Emitted, micros(v.Target)
	s.DecodeTimeUs, s.ProcessingDelayUs = micros(v.DecodeTime), micros(v.ProcessingDelay)
}

func micros(d time.Duration) uint64 { return uint64(max(d.Microseconds(), 0)) }
