package panel

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/live"
)

// Stream is what is streamed of a running call: all its paths, or those of a participant or a kind.
type Stream struct {
	Call, Participant, Kind string
}

// Grafana takes few characters in the path of a channel; what has others is written in base64 behind a dot. "-" is nothing.
var plain = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)

const nothing = "-"

func encode(text string) string {
	switch {
	case text == "":
		return nothing
	case text != nothing && plain.MatchString(text):
		return text
	}
	return "." + base64.RawURLEncoding.EncodeToString([]byte(text))
}

func decode(segment string) (string, error) {
	if segment == nothing {
		return "", nil
	}
	rest, encoded := strings.CutPrefix(segment, ".")
	if !encoded {
		return segment, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(rest)
	return string(text), err
}

// Channel is the one of a stream, given the data source's own, ds/<uid>; false where Grafana takes no channel so long.
func Channel(own string, s Stream) (string, bool) {
	path := "call/" + encode(s.Call)
	if s.Participant != "" || s.Kind != "" {
		path += "/" + encode(s.Participant) + "/" + encode(s.Kind)
	}
	channel := own + "/" + path
	_, err := live.ParseChannel(channel)
	return channel, err == nil
}

// ParseStream reads the path of a channel; false where it is none.
func ParseStream(path string) (Stream, bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 2 && len(parts) != 4 || parts[0] != "call" {
		return Stream{}, false
	}
	texts := [3]string{}
	for i, p := range parts[1:] {
		text, err := decode(p)
		if err != nil {
			return Stream{}, false
		}
		texts[i] = text
	}
	s := Stream{Call: texts[0], Participant: texts[1], Kind: texts[2]}
	return s, s.Call != "" && (s.Kind == "" || s.Kind == "audio" || s.Kind == "video")
}

func tenth(v float32) string { return strconv.FormatFloat(float64(v), 'f', 1, 32) }
