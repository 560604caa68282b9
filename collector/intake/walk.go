package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/earshot-rtc/earshot/collector/admit"
)

// ErrTooManySamples says that a body holds more samples than allowed.
var ErrTooManySamples = errors.New("too many samples in one body")

// Field numbers of sample.proto that are read without the codec.
const (
	batchSamples     protowire.Number = 1
	sampleTransports protowire.Number = 10
	sampleStreams    protowire.Number = 11
	sampleEvents     protowire.Number = 12
	streamRTTs       protowire.Number = 13
	transportRTTs    protowire.Number = 16
)

// WalkProto gives every sample of a protobuf SampleBatch to b, the broken ones too: one bad sample costs no other.
func (b *Batch) WalkProto(body []byte, most int) error {
	for len(body) > 0 {
		num, typ, n := protowire.ConsumeTag(body)
		if n < 0 {
			b.Malformed(body, "no protobuf field begins here: "+protowire.ParseError(n).Error())
			return nil
		}
		if num != batchSamples || typ != protowire.BytesType {
			m := protowire.ConsumeFieldValue(num, typ, body[n:])
			if m < 0 {
				b.Malformed(body, "not a protobuf earshot.v1.SampleBatch: "+protowire.ParseError(m).Error())
				return nil
			}
			body = body[n+m:]
			continue
		}
		if b.n >= most {
			return ErrTooManySamples
		}
		raw, m := protowire.ConsumeBytes(body[n:])
		if m < 0 {
			b.Malformed(body[n:], fmt.Sprintf("the body ends inside the sample, %d bytes after it begins", len(body)-n))
			return nil
		}
		b.Proto(raw)
		body = body[n+m:]
	}
	return nil
}

// WalkJSON gives every sample of a JSON body to b: of a SampleBatch object, of an array of samples, or a sample by itself.
// Where the body ceases to be JSON, the rest of it counts as one bad sample.
func (b *Batch) WalkJSON(body []byte, most int) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	err := b.walkJSON(dec, body, most)
	if err == nil || errors.Is(err, ErrTooManySamples) {
		return err
	}
	b.Malformed(rest(dec, body), "not JSON with samples: "+jsonError(err))
	return nil
}

func (b *Batch) walkJSON(dec *json.Decoder, body []byte, most int) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch tok {
	case json.Delim('['):
		if err := b.elements(dec, most); err != nil {
			return err
		}
	case json.Delim('{'):
		found, err := b.members(dec, most)
		if err != nil {
			return err
		}
		if !found {
			b.JSON(body)
			return nil
		}
	default:
		return errors.New("neither an object nor an array")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// members reads an object to its end and takes the samples from it, if that is what it has.
func (b *Batch) members(dec *json.Decoder, most int) (found bool, err error) {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return found, err
		}
		if key != "samples" {
			var skip json.RawMessage
			if err := dec.Decode(&skip); err != nil {
				return found, err
			}
			continue
		}
		found = true
		if tok, err := dec.Token(); err != nil {
			return found, err
		} else if tok != json.Delim('[') {
			return found, errors.New(`"samples" is not an array`)
		}
		if err := b.elements(dec, most); err != nil {
			return found, err
		}
	}
	_, err = dec.Token()
	return found, err
}

// elements reads an array to its end.
func (b *Batch) elements(dec *json.Decoder, most int) error {
	var raw json.RawMessage
	for dec.More() {
		if b.n >= most {
			return ErrTooManySamples
		}
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		b.JSON(raw)
	}
	_, err := dec.Token()
	return err
}

func rest(dec *json.Decoder, body []byte) []byte {
	return body[min(dec.InputOffset(), int64(len(body))):]
}

// jsonError makes the libraries' errors one short line.
func jsonError(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	s := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	return s
}

// looseBytes is the size up to which a sample may be decoded before anything is counted: two bytes of it make a struct of
// some hundred.
const looseBytes = 64 << 10

// countProto counts what a large sample holds, before memory is set aside for it.
func countProto(raw []byte, l *admit.Limits) *admit.Refusal {
	if len(raw) <= looseBytes {
		return nil
	}
	var transports, streams, events int
	for len(raw) > 0 {
		num, typ, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return nil // the codec says it better
		}
		m := protowire.ConsumeFieldValue(num, typ, raw[n:])
		if m < 0 {
			return nil
		}
		value := raw[n : n+m]
		raw = raw[n+m:]
		if typ != protowire.BytesType {
			continue
		}
		rtts := 0
		switch num {
		case sampleTransports:
			transports++
			rtts = countField(value, transportRTTs)
		case sampleStreams:
			streams++
			rtts = countField(value, streamRTTs)
		case sampleEvents:
			events++
		}
		if transports > l.Transports || streams > l.Streams || events > l.Events || rtts > l.RTTs {
			return &admit.Refusal{Reason: admit.TooMany, Detail: fmt.Sprintf(
				"more than %d transports, %d streams, %d events or %d rtts each", l.Transports, l.Streams, l.Events, l.RTTs)}
		}
	}
	return nil
}

// countField counts a field of a message that stands with its length before it.
func countField(value []byte, field protowire.Number) (count int) {
	msg, _ := protowire.ConsumeBytes(value)
	for len(msg) > 0 {
		num, typ, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return count
		}
		m := protowire.ConsumeFieldValue(num, typ, msg[n:])
		if m < 0 {
			return count
		}
		if num == field {
			count++
		}
		msg = msg[n+m:]
	}
	return count
}

// countJSON bounds the objects of a sample by its opening braces. Braces in texts count too, which no real sample notices.
func countJSON(raw []byte, l *admit.Limits) *admit.Refusal {
	if len(raw) <= looseBytes {
		return nil
	}
	most := (l.Transports + l.Streams + l.Events + 8) * (1 + l.RTTs)
	if n := bytes.Count(raw, []byte("{")); n > most {
		return &admit.Refusal{Reason: admit.TooMany, Detail: fmt.Sprintf("%d objects, at most %d are allowed", n, most)}
	}
	return nil
}
