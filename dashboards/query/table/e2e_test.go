package table_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
)

func ms(v float32) *float32 { return &v }

func rows() []query.E2ERow {
	at := time.Date(2026, 3, 1, 12, 0, 5, 0, time.UTC)
	return []query.E2ERow{
		{
			WindowStart: at, WindowMs: 5000, PublisherID: "ana", SubscriberID: "chi", Kind: "audio",
			SFUPath: []string{"fra", "iad", "nrt"}, Status: "complete", RTT: ms(285.64), RTTErr: ms(1.13), MouthToEar: ms(201.5),
			Hops: []query.Hop{{RTT: ms(24.14)}, {RTT: ms(90.2)}, {RTT: ms(155.3)}, {RTT: ms(16)}},
		},
		{
			WindowStart: at, WindowMs: 5000, PublisherID: "bo", SubscriberID: "chi", Kind: "video",
			SFUPath: []string{"iad", "nrt"}, Status: "partial", RTTLower: ms(56.1),
			Hops: []query.Hop{{RTT: ms(40.1)}, {}, {RTT: ms(16)}},
		},
		{WindowStart: at, PublisherID: "", SubscriberID: "dee\x1b[2J", Kind: "audio", Status: "partial"},
		{WindowStart: at, SubscriberID: "eli", Kind: "audio", SFUPath: []string{"fra"}, Status: "partial", RTTLower: ms(60.4), Hops: []query.Hop{{RTT: ms(60.4)}}},
	}
}

func TestE2EAlignsPathsHopsAndLowerBounds(t *testing.T) {
	var b strings.Builder
	require.NoError(t, table.E2E(&b, "demo", rows()))
	require.Equal(t, ""+
		"WINDOW                PUBLISHER  SUBSCRIBER    KIND   PATH             RTT             HOPS                        MOUTH-TO-EAR  STATUS\n"+
		"2026-03-01 12:00:05Z  ana        chi           audio  fra > iad > nrt  285.6 ± 1.1 ms  24.1 + 90.2 + 155.3 + 16.0  202 ms        complete\n"+
		"2026-03-01 12:00:05Z  bo         chi           video  iad > nrt        >= 56.1 ms      40.1 + ? + 16.0             -             partial\n"+
		"2026-03-01 12:00:05Z  ?          \"dee\\x1b[2J\"  audio  ?                -                                           -             partial\n"+
		"2026-03-01 12:00:05Z  ?          eli           audio  ? > fra          >= 60.4 ms      60.4                        -             partial\n",
		b.String())
}

func TestE2ESaysWhenACallHasNoWindowYet(t *testing.T) {
	var b strings.Builder
	require.NoError(t, table.E2E(&b, "demo", nil))
	require.Equal(t, "call demo has samples, but no window of a path yet in this range\n", b.String())
}

func TestE2EJSONNamesUnitsAndKeepsUnknownApartFromZero(t *testing.T) {
	var b strings.Builder
	require.NoError(t, table.E2EJSON(&b, "demo", rows()))
	var got struct {
		CallID  string           `json:"call_id"`
		Windows []map[string]any `json:"windows"`
	}
	require.NoError(t, json.Unmarshal([]byte(b.String()), &got))
	require.Equal(t, "demo", got.CallID)
	require.Len(t, got.Windows, 4)
	require.InDelta(t, 285.64, got.Windows[0]["rtt_ms"], 1e-3)
	require.Nil(t, got.Windows[1]["rtt_ms"])
	require.Contains(t, got.Windows[1], "rtt_ms", "unknown is null, not absent")
	require.Equal(t, "2026-03-01T12:00:05Z", got.Windows[0]["window_start"])
	require.Nil(t, got.Windows[1]["hops"].([]any)[1].(map[string]any)["rtt_ms"])
}

func TestE2EJSONOfNothingIsAnEmptyList(t *testing.T) {
	var b strings.Builder
	require.NoError(t, table.E2EJSON(&b, "demo", nil))
	require.JSONEq(t, `{"call_id":"demo","windows":[]}`, b.String())
}
