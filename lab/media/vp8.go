package media

import (
	"encoding/binary"
	"time"
)

// vp8HeaderMax is a payload descriptor (RFC 7741 section 4.2) of one byte and a key frame's header of ten (RFC 6386 section
// 9.1).
const vp8HeaderMax = 11

// vp8Header writes what stands before the data of a packet and returns its length.
func vp8Header(b []byte, first, key bool, width, height uint16) int {
	if !first {
		b[0] = 0
		return 1
	}
	b[0] = 0x10 // S: start of a partition
	if !key {
		b[1] = 0x01 // P: not a key frame
		return 2
	}
	copy(b[1:], []byte{0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a})
	binary.LittleEndian.PutUint16(b[7:], width)
	binary.LittleEndian.PutUint16(b[9:], height)
	return vp8HeaderMax
}

// VP8Start says whether a VP8 payload starts a frame, and if so whether a key frame. Odd payloads start nothing.
func VP8Start(payload []byte) (start, key bool) {
	if len(payload) < 2 || payload[0]&0x90 != 0x10 { // X=0, S=1: what vp8Header writes
		return false, false
	}
	return true, payload[1]&0x01 == 0
}

// vp8Size gives the size that stands in a key frame's header.
func vp8Size(payload []byte) (width, height uint16, ok bool) {
	if _, key := VP8Start(payload); !key || len(payload) < vp8HeaderMax {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint16(payload[7:]) & 0x3fff, binary.LittleEndian.Uint16(payload[9:]) & 0x3fff, true
}

// What encoding and decoding would take on a laptop: modelled, as there are no codecs here.
const (
	audioEncodeTime   = 400 * time.Microsecond
	audioDecodeTime   = 100 * time.Microsecond
	encodePerMegapix  = 9 * time.Millisecond
	decodePerMegapix  = 3 * time.Millisecond
	pixelsPerMegapix  = 1_000_000
	fixedPerFrameTime = 300 * time.Microsecond
)

func encodeTime(l Layer) time.Duration {
	return fixedPerFrameTime + encodePerMegapix*time.Duration(l.Width)*time.Duration(l.Height)/pixelsPerMegapix
}

func decodeTime(width, height uint16) time.Duration {
	return fixedPerFrameTime + decodePerMegapix*time.Duration(width)*time.Duration(height)/pixelsPerMegapix
}
