package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector/mask"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// bury refuses a sample without a call and five million zeros, and gives the dead letters.
func bury(t *testing.T, dead string) (raw []byte, letters []map[string]string, values [][]byte) {
	t.Helper()
	cfg := mask.DefaultConfig()
	cfg.DeadLetters = dead
	m, err := mask.New(cfg)
	require.NoError(t, err)
	q := &fakeQueue{}
	in := New(config(), Dependencies{Queue: q, Mask: m})
	bad := clientSample(1)
	bad.CallId, bad.Client.UserId, bad.Client.Os = "", "ana@example.org", "Linux at 203.0.113.77"
	sent := marshal(t, bad)
	raw = bytes.Clone(sent)
	b := in.Begin(Origin{Route: "websocket", Received: received})
	b.Proto(sent)
	session, _ := b.Last()
	require.Equal(t, "s1", session)
	b.Proto(make([]byte, 5<<20))
	clear(sent)
	res := submit(t, b)
	require.Len(t, res.Rejected, 2)
	for _, m := range q.of(topic.Dead) {
		h := headers(m)
		h["key"] = string(m.Key)
		letters, values = append(letters, h), append(values, m.Value)
	}
	return raw, letters, values
}

func TestADeadLetterIsTheSampleWithoutWhatIsPersonal(t *testing.T) {
	raw, letters, values := bury(t, mask.Masked)
	sum := sha256.Sum256(raw)
	require.Equal(t, map[string]string{
		topic.HeaderReason: "no_call_id", topic.HeaderFrom: "websocket", "key": "ana", topic.HeaderForm: topic.FormMasked,
		topic.HeaderDetail: "a client names the call it is in; call_id is empty",
		topic.HeaderBytes:  "105", topic.HeaderSHA256: hex.EncodeToString(sum[:]),
	}, letters[0])
	want := clientSample(1)
	want.CallId, want.Client.UserId, want.Client.Os = "", "", "Linux at 203.0.113.x"
	got := &pb.Sample{}
	require.NoError(t, got.UnmarshalVT(values[0]))
	require.True(t, got.EqualVT(want), "%v", got)

	require.Equal(t, "too_large", letters[1][topic.HeaderReason])
	require.Equal(t, topic.FormNone, letters[1][topic.HeaderForm], "it was not read")
	require.Equal(t, "5242880", letters[1][topic.HeaderBytes])
	require.Empty(t, letters[1]["key"])
	require.Empty(t, values[1])
}

func TestADeadLetterHasTheBytesAsTheyCameWhereThatIsAskedFor(t *testing.T) {
	raw, letters, values := bury(t, mask.Raw)
	require.Equal(t, raw, values[0])
	require.Equal(t, map[string]string{
		topic.HeaderReason: "no_call_id", topic.HeaderFrom: "websocket", "key": "ana", topic.HeaderForm: topic.FormRaw,
		topic.HeaderDetail: "a client names the call it is in; call_id is empty",
	}, letters[0])
	require.Len(t, values[1], maxDeadBytes)
	require.Equal(t, "5242880", letters[1][topic.HeaderTruncated])
}

func TestThereAreNoDeadLettersWhereNoneAreWanted(t *testing.T) {
	_, letters, _ := bury(t, mask.None)
	require.Empty(t, letters)
}

func TestADeadLetterBeyondTheBoundIsOnlyCounted(t *testing.T) {
	q := &fakeQueue{}
	in := newIntake(q)
	big := clientSample(1)
	big.CallId = ""
	for range 2000 {
		big.Events = append(big.Events, &pb.Event{Value: string(bytes.Repeat([]byte("x"), 200))})
	}
	b := in.Begin(Origin{Route: "http", Received: received})
	b.Proto(marshal(t, big))
	submit(t, b)
	require.Empty(t, q.of(topic.Dead)[0].Value)
	require.Equal(t, topic.FormNone, headers(q.of(topic.Dead)[0])[topic.HeaderForm])
}
