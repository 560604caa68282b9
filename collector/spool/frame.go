package spool

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// A segment is a header and frames. A frame is the length of its payload and a CRC32C over that length and the payload, both
// four bytes, little-endian; then the payload, one message:
//
//	time in microseconds since 1970 (8 bytes, little-endian), topic, key, value, number of headers, name and value of each
//
// with strings as a varint of their length and their bytes, and keys and values the same with one added to the length, so
// that 0 stands for nil.
const (
	header     = "earshot spool 1\n"
	frameStart = 8
	// maxPayload is far above what a Kafka message may be: a longer length is not ours.
	maxPayload = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn says that the bytes end, or stop making sense, before the frame does.
var errTorn = errors.New("frame is not whole")

// appendFrame adds a message to dst.
func appendFrame(dst []byte, m *kafka.Message) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, frameStart)...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.Time.UnixMicro()))
	dst = appendString(dst, m.Topic)
	dst = appendBytes(dst, m.Key)
	dst = appendBytes(dst, m.Value)
	dst = binary.AppendUvarint(dst, uint64(len(m.Headers)))
	for _, h := range m.Headers {
		dst = appendString(dst, h.Key)
		dst = appendBytes(dst, h.Value)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-frameStart))
	binary.LittleEndian.PutUint32(dst[start+4:], sum(dst[start:]))
	return dst
}

// sum is the checksum of a frame: a length of zeros with a checksum of zeros, as a disk may leave them, is not a frame.
func sum(frame []byte) uint32 {
	return crc32.Update(crc32.Checksum(frame[:4], castagnoli), castagnoli, frame[frameStart:])
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))+1), b...)
}

// frameSize is what the frame at the beginning of b takes, or 0 where that cannot be.
func frameSize(b []byte) int {
	if len(b) < frameStart {
		return 0
	}
	n := binary.LittleEndian.Uint32(b)
	if n == 0 || n > maxPayload {
		return 0
	}
	return frameStart + int(n)
}

// checkFrame gives the frame at the beginning of b, or errTorn.
func checkFrame(b []byte) ([]byte, error) {
	n := frameSize(b)
	if n == 0 || n > len(b) {
		return nil, errTorn
	}
	b = b[:n]
	if sum(b) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, errTorn
	}
	return b, nil
}

// skip says how far it is to the next good frame in b, whose first is bad: one frame on where the lengths still make sense,
// else 0.
func skip(b []byte) int {
	n := frameSize(b)
	if n == 0 || n > len(b) {
		return 0
	}
	if _, err := checkFrame(b[n:]); err != nil {
		return 0
	}
	return n
}

// decodeFrame reads a checked frame. The message's bytes are the frame's.
func decodeFrame(frame []byte) (kafka.Message, error) {
	d := decoder{b: frame[frameStart:]}
	var m kafka.Message
	m.Time = time.UnixMicro(int64(d.uint64()))
	m.Topic = string(d.bytes(d.uvarint()))
	m.Key = d.nullable()
	m.Value = d.nullable()
	if n := d.uvarint(); n > 0 {
		if n > uint64(len(d.b)) { // a header takes two bytes at least
			return m, errTorn
		}
		m.Headers = make([]kafka.Header, n)
		for i := range m.Headers {
			m.Headers[i].Key = string(d.bytes(d.uvarint()))
			m.Headers[i].Value = d.nullable()
		}
	}
	if d.bad || len(d.b) != 0 {
		return m, errTorn
	}
	return m, nil
}

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uint64() uint64 {
	if len(d.b) < 8 {
		d.bad, d.b = true, nil
		return 0
	}
	v := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	out := d.b[:n:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) nullable() []byte {
	n := d.uvarint()
	if n == 0 {
		return nil
	}
	return d.bytes(n - 1)
}
