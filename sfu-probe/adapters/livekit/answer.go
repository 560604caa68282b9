package livekit

import (
	"encoding/json"
	"fmt"
	"strings"
)

// participant is ParticipantInfo of livekit_models.proto, as far as it is of use.
type participant struct {
	SID      string  `json:"sid"`
	Identity string  `json:"identity"`
	Tracks   []track `json:"tracks"`
}

// track is TrackInfo: what somebody publishes.
type track struct {
	SID      string  `json:"sid"`
	Type     string  `json:"type"` // AUDIO or VIDEO
	Muted    bool    `json:"muted"`
	MimeType string  `json:"mime_type"`
	Mid      string  `json:"mid"`
	Layers   []layer `json:"layers"`
	Codecs   []struct {
		MimeType string  `json:"mime_type"`
		Mid      string  `json:"mid"`
		Layers   []layer `json:"layers"`
	} `json:"codecs"`
}

// layer is VideoLayer. Audio has none, and so no SSRC.
type layer struct {
	SSRC uint32 `json:"ssrc"` // 0 before packets of it came
	RID  string `json:"rid"`
}

// debugRoom is a room as /debug/rooms of livekit-server 1.9 has it.
type debugRoom struct {
	Name         string
	Participants map[string]debugParticipant // by identity
}

type debugParticipant struct {
	ID             string
	UpTrackManager struct {
		PublishedTracks map[string]debugTrack // by SID
	}
}

// debugTrack is what somebody publishes, and who gets it.
type debugTrack struct {
	Kind       string // AUDIO or VIDEO
	PubMuted   bool
	DownTracks []downTrack
	// Receivers are the codecs in which it comes in, by MIME type in lower case.
	Receivers map[string]receiver
}

type receiver struct {
	Mime     string
	UpTracks []upTrack
}

// upTrack is a stream that comes in.
type upTrack struct {
	Layer int
	RID   string
	SSRC  uint32
}

// bound is downTrack.BindState of one that is negotiated and sent.
const bound = 2

// downTrack is a stream that goes out.
type downTrack struct {
	SubscriberID        string // the participant's SID
	SSRC                uint32
	MimeType            string
	BindState           int
	Muted, PubMuted     bool
	CurrentSpatialLayer int // -1 where nothing is forwarded, and for audio
	Stats               struct {
		PacketCount uint64
	}
}

// UnmarshalJSON takes receivers apart from the members that stand beside them: their names are MIME types.
func (t *debugTrack) UnmarshalJSON(raw []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	t.Receivers = map[string]receiver{}
	for name, value := range members {
		var into any
		var r receiver
		switch {
		case name == "Kind":
			into = &t.Kind
		case name == "PubMuted":
			into = &t.PubMuted
		case name == "DownTracks":
			into = &t.DownTracks
		case strings.Contains(name, "/"):
			into = &r
		default:
			continue
		}
		if err := json.Unmarshal(value, into); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if into == any(&r) {
			t.Receivers[strings.ToLower(name)] = r
		}
	}
	return nil
}
