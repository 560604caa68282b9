package observertc

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares the sample with the golden file of its recording.
func golden(t *testing.T, name string, s *earshotv1.Sample) {
	t.Helper()
	// protojson puts in blanks at random, so messages are compared and not texts.
	path := filepath.Join("testdata", strings.TrimSuffix(name, filepath.Ext(name))+".golden")
	if *update {
		text, err := protojson.MarshalOptions{}.Marshal(s)
		require.NoError(t, err)
		var even bytes.Buffer
		require.NoError(t, json.Indent(&even, text, "", "  "))
		require.NoError(t, os.WriteFile(path, append(even.Bytes(), '\n'), 0o600))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	want := &earshotv1.Sample{}
	require.NoError(t, protojson.Unmarshal(text, want))
	if !s.EqualVT(want) {
		got, err := protojson.MarshalOptions{}.Marshal(s)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(got))
	}
}

func recording(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

func TestRecordingsAreMapped(t *testing.T) {
	for _, name := range []string{"client-3.0-publisher.json", "client-3.0-subscriber.json", "client-2.2-publisher.json", "client-2.2-subscriber.json"} {
		t.Run(name, func(t *testing.T) {
			s, err := NewDecoder(DefaultLimits()).Decode(recording(t, name), &Options{})
			require.NoError(t, err)
			golden(t, name, s)
		})
	}
}
