package spool

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// segment is one file of the spool. Its fields are guarded by Spool.mu.
type segment struct {
	number int64
	// size is how much of the file counts: what is written behind it is not durable, or never will be.
	size    int64
	records int64
	// file is open while the segment is the one that is written to.
	file file
	// damaged files are kept when they are drained.
	damaged bool
}

const (
	segmentSuffix = ".segment"
	damagedSuffix = ".damaged"
)

// name sorts as the number does.
func name(number int64) string { return fmt.Sprintf("%016d%s", number, segmentSuffix) }

// numberOf is the other way round.
func numberOf(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n > 0
}

// contents is what a look at a whole segment finds.
type contents struct {
	end     int64 // of the last good frame
	records int64 // after from
	start   int64 // where to read on: from, or the beginning if from is no frame's beginning
	corrupt int64 // frames between good ones
}

// inspect looks at a segment from its first byte to its last. from is where reading was left, 0 for the beginning.
func inspect(data []byte, from int64) contents {
	c := contents{start: int64(len(header))}
	if !strings.HasPrefix(string(data[:min(len(data), len(header))]), header) {
		return contents{}
	}
	total, before, found := int64(0), int64(0), false
	at := len(header)
	for {
		if int64(at) == from {
			before, found = total, true
		}
		frame, err := checkFrame(data[at:])
		if err == nil {
			total++
			at += len(frame)
			continue
		}
		n := skip(data[at:])
		if n == 0 {
			break
		}
		c.corrupt++
		at += n
	}
	c.end = int64(at)
	c.records = total
	if found {
		c.start, c.records = from, total-before
	}
	return c
}

// part is what was read of a segment.
type part struct {
	frames [][]byte
	next   int64 // where to read on
	// corrupt counts frames passed over, and lost bytes that could not even be told apart.
	corrupt, lost int64
}

// read gives frames of a segment between from and to: as many as fit into the bounds, but one at least.
func read(path string, from, to int64, mostBytes, mostFrames int) (part, error) {
	f, err := os.Open(path)
	if err != nil {
		return part{}, err
	}
	defer f.Close() //nolint:errcheck // read only
	buf := make([]byte, min(to-from, int64(mostBytes)))
	for {
		if _, err := f.ReadAt(buf, from); err != nil {
			return part{}, err
		}
		whole := from+int64(len(buf)) == to
		p := cut(buf, whole, mostFrames)
		p.next += from
		if p.next > from || whole {
			return p, nil
		}
		// The first frame is longer than mostBytes, or is bad and what comes behind it has to be seen.
		buf = make([]byte, to-from)
	}
}

// cut tells the frames in buf apart. Where buf does not reach to the end of what there is, a frame that is not whole is left
// for the next time.
func cut(buf []byte, whole bool, most int) part {
	var p part
	at := 0
	for at < len(buf) && len(p.frames) < most {
		frame, err := checkFrame(buf[at:])
		if err == nil {
			p.frames = append(p.frames, frame)
			at += len(frame)
			continue
		}
		n := skip(buf[at:])
		if n == 0 {
			if whole {
				p.lost = int64(len(buf) - at)
				at = len(buf)
			}
			break
		}
		p.corrupt++
		at += n
	}
	p.next = int64(at)
	return p
}
