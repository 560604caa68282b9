package receive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// kind is how the samples of a body are written.
type kind int

const (
	protoBatch kind = iota + 1
	protoSample
	jsonAny
)

// textPlain is what navigator.sendBeacon calls a text.
const textPlain = "text/plain"

// kindOf reads a Content-Type. A protobuf body is a SampleBatch unless the parameter proto names a Sample.
func kindOf(contentType string) (kind, *failure) {
	media, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		switch media {
		case "application/json":
			return jsonAny, nil
		case textPlain: // a beacon, which is not free to name what it sends, but may add a parameter
			if params["proto"] == "earshot.v1.SampleBatch" {
				return protoBatch, nil
			}
			return jsonAny, nil
		case "application/x-protobuf", "application/protobuf", "application/vnd.google.protobuf":
			switch params["proto"] {
			case "", "earshot.v1.SampleBatch":
				return protoBatch, nil
			case "earshot.v1.Sample":
				return protoSample, nil
			}
		}
	}
	return 0, fail(http.StatusUnsupportedMediaType, "unsupported_media_type",
		"Content-Type %q is not taken; use application/x-protobuf (with ;proto=earshot.v1.Sample for a single sample) or application/json", contentType)
}

// keepBuffer bounds the buffers that are used again.
const keepBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func borrowBuffer() *bytes.Buffer {
	b, _ := buffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func returnBuffer(b *bytes.Buffer) {
	if b.Cap() <= keepBuffer {
		buffers.Put(b)
	}
}

// readBody reads a request's body of at most so many bytes into buf, decompressed.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, buf *bytes.Buffer, most int64) *failure {
	if r.ContentLength > most {
		return s.tooLarge(most, "")
	}
	wire := &counter{r: http.MaxBytesReader(w, r.Body, most)}
	src, done, f := decompressor(r.Header.Get("Content-Encoding"), wire)
	if f != nil {
		return f
	}
	defer done()
	n, err := buf.ReadFrom(io.LimitReader(src, s.cfg.DecodedBytes+1))
	s.metrics.wireBytes.Add(float64(wire.n))
	s.metrics.decodedBytes.Add(float64(n))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return s.tooLarge(most, "")
	case n > s.cfg.DecodedBytes, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return s.tooLarge(s.cfg.DecodedBytes, " after decompression")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(http.StatusRequestTimeout, "slow_body", "the body did not arrive in time")
	case err != nil:
		return fail(http.StatusBadRequest, "bad_body", "the body could not be read: %v", err)
	}
	return nil
}

func (s *Server) tooLarge(most int64, when string) *failure {
	return fail(http.StatusRequestEntityTooLarge, "body_too_large", "the body%s has more than %d bytes; send fewer samples at once", when, most)
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

var (
	gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
	zstds = sync.Pool{New: func() any {
		// One goroutine less and little memory: bodies are small. The window bounds what a hostile frame makes us set aside.
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return err
		}
		return d
	}}
)

// decompressor reads src as the Content-Encoding says. done gives back what it uses.
func decompressor(encoding string, src io.Reader) (r io.Reader, done func(), f *failure) {
	nothing := func() {}
	bad := func(err error) *failure {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return fail(http.StatusRequestEntityTooLarge, "body_too_large", "the body has more than %d bytes; send fewer samples at once", over.Limit)
		}
		return fail(http.StatusBadRequest, "bad_body", "the body is not %s: %v", encoding, err)
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return src, nothing, nil
	case "gzip", "x-gzip":
		z, _ := gzips.Get().(*gzip.Reader)
		if err := z.Reset(src); err != nil {
			gzips.Put(z)
			return nil, nil, bad(err)
		}
		return z, func() { gzips.Put(z) }, nil
	case "deflate":
		// RFC 9110 means zlib; some senders mean the bare thing.
		br := bufio.NewReader(src)
		if h, err := br.Peek(2); err == nil && h[0]&0x0f == 8 && (uint(h[0])<<8|uint(h[1]))%31 == 0 {
			z, err := zlib.NewReader(br)
			if err != nil {
				return nil, nil, bad(err)
			}
			return z, func() { _ = z.Close() }, nil
		}
		z := flate.NewReader(br)
		return z, func() { _ = z.Close() }, nil
	case "zstd":
		d, ok := zstds.Get().(*zstd.Decoder)
		if !ok {
			return nil, nil, bad(errors.New("no decoder"))
		}
		if err := d.Reset(src); err != nil {
			return nil, nil, bad(err)
		}
		return d, func() {
			_ = d.Reset(nil)
			zstds.Put(d)
		}, nil
	}
	return nil, nil, fail(http.StatusUnsupportedMediaType, "unsupported_encoding",
		"Content-Encoding %q is not taken; use gzip, deflate or zstd, or none", encoding)
}

// failure is an answer that says no.
type failure struct {
	status int
	Reason string `json:"reason"`
	Text   string `json:"error"`
	// retry asks for Retry-After, retryIn for one of that length at least.
	retry   bool
	retryIn time.Duration
	// challenge is a WWW-Authenticate header.
	challenge string
}

func fail(status int, reason, format string, args ...any) *failure {
	return &failure{status: status, Reason: reason, Text: fmt.Sprintf(format, args...)}
}
