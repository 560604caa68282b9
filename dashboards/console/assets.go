package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"time"
)

// Built from web/ by `npm run build` there.
//
//go:embed dist
var dist embed.FS

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// asset is a file of the page; browsers keep it and ask each time whether it changed.
type asset struct {
	data        []byte
	etag        string
	contentType string
}

// loadAssets reads the page's files by URL path.
func loadAssets() (map[string]*asset, error) {
	entries, err := dist.ReadDir("dist")
	if err != nil {
		return nil, fmt.Errorf("read embedded page: %w", err)
	}
	out := make(map[string]*asset, len(entries))
	for _, e := range entries {
		data, err := dist.ReadFile("dist/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read embedded page: %w", err)
		}
		a := &asset{data: data, etag: etag(data), contentType: contentTypes[path.Ext(e.Name())]}
		if a.contentType == "" {
			return nil, fmt.Errorf("embedded page: %s has no content type", e.Name())
		}
		if e.Name() == "index.html" {
			out["/"] = a
			continue
		}
		out["/"+e.Name()] = a
	}
	return out, nil
}

func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}
