package enrich

import (
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// file is one of the configured files. It is used from one goroutine.
type file struct {
	path   string
	reader *maxminddb.Reader
	// loaded is the version that reader has, seen what was there when it was last looked at.
	loaded, seen version
}

type version struct {
	changed time.Time
	size    int64
}

func versionOf(info fs.FileInfo) version { return version{info.ModTime(), info.Size()} }

// replaced says whether there is another file than was read. One that is only being written waits until it was seen twice
// alike.
func (f *file) replaced() (bool, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return false, fmt.Errorf("%s cannot be read: %w", f.path, err)
	}
	before := f.seen
	f.seen = versionOf(info)
	return f.seen != f.loaded && f.seen == before, nil
}

// load reads the file. After an error everything is as it was, except that the same broken file is not read again.
func (f *file) load() error {
	r, v, err := open(f.path)
	if v != (version{}) {
		f.loaded, f.seen = v, v
	}
	if err != nil {
		return err
	}
	f.reader = r
	return nil
}

// open reads a file into memory: mapped, it would kill the process when somebody wrote over it.
func open(path string) (*maxminddb.Reader, version, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, version{}, fmt.Errorf("%s cannot be read: %w", path, unwrap(err))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, version{}, fmt.Errorf("%s cannot be read: %w", path, unwrap(err))
	}
	v := versionOf(info)
	r, err := maxminddb.OpenBytes(data)
	if err == nil {
		_, err = ask([]*maxminddb.Reader{r}, netip.AddrFrom4([4]byte{8, 8, 8, 8}))
	}
	if err != nil {
		return nil, v, fmt.Errorf("%s is no MaxMind-format file, or is cut off: %w; fetch it again", path, err)
	}
	return r, v, nil
}

// unwrap leaves out the path, which the message has already.
func unwrap(err error) error {
	if pe, ok := err.(*fs.PathError); ok { //nolint:errorlint // os.Stat and os.ReadFile give it as it is
		return pe.Err
	}
	return err
}
