package source_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/earshot-rtc/earshot/dashboards/datasource/panel"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
)

func (p *plugin) subscribe(t *testing.T, path string) (*pluginv2.SubscribeStreamResponse, error) {
	t.Helper()
	return p.streams.SubscribeStream(t.Context(), &pluginv2.SubscribeStreamRequest{PluginContext: backend.ToProto().PluginContext(p.context()), Path: path})
}

func frameOf(t *testing.T, raw []byte) *data.Frame {
	t.Helper()
	f := &data.Frame{}
	require.NoError(t, json.Unmarshal(raw, f))
	return f
}

func TestWhoeverMayAskMayListen(t *testing.T) {
	p := serve(t, nil)
	for path, want := range map[string]pluginv2.SubscribeStreamResponse_Status{
		"call/demo":           pluginv2.SubscribeStreamResponse_OK,
		"call/demo/chi/audio": pluginv2.SubscribeStreamResponse_OK,
		"call/nowhere":        pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"call/theirs":         pluginv2.SubscribeStreamResponse_NOT_FOUND, // another tenant's
		"call/":               pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"calls":               pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"call/demo/chi/text":  pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"call/.%%%":           pluginv2.SubscribeStreamResponse_NOT_FOUND,
	} {
		got, err := p.subscribe(t, path)
		require.NoError(t, err, path)
		require.Equal(t, want, got.Status, path)
		if want == pluginv2.SubscribeStreamResponse_OK {
			require.Positive(t, frameOf(t, got.Data).Rows(), "what there is already comes at once")
		}
	}
	theirs := serve(t, options{"tenant": "acme"})
	got, err := theirs.subscribe(t, "call/theirs")
	require.NoError(t, err)
	require.Equal(t, pluginv2.SubscribeStreamResponse_OK, got.Status)
	answer, err := p.streams.PublishStream(t.Context(), &pluginv2.PublishStreamRequest{PluginContext: backend.ToProto().PluginContext(p.context()), Path: "call/demo", Data: []byte(`{}`)})
	require.NoError(t, err)
	require.Equal(t, pluginv2.PublishStreamResponse_PERMISSION_DENIED, answer.Status)
}

func TestAStreamShowsNewWindowsAsTheyCome(t *testing.T) {
	p := serve(t, nil)
	call := querytest.Call{ID: "streamed über/100%", Start: soon().Add(-2 * querytest.Window)}
	require.NoError(t, call.Insert(t.Context(), openStore(t), 0, 1))
	channel, ok := panel.Channel("ds/"+p.settings.UID, panel.Stream{Call: call.ID})
	require.True(t, ok)
	path := channel[len("ds/"+p.settings.UID+"/"):]
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := p.streams.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: backend.ToProto().PluginContext(p.context()), Path: path})
	require.NoError(t, err)
	first, err := stream.Recv()
	require.NoError(t, err)
	was := frameOf(t, first.Data)
	require.Equal(t, 24, was.Rows(), "six tracks, four subscribers each")

	require.NoError(t, call.Insert(t.Context(), openStore(t), 1, 1))
	second, err := stream.Recv()
	require.NoError(t, err)
	is := frameOf(t, second.Data)
	require.Equal(t, querytest.Window, is.Fields[0].At(0).(time.Time).Sub(was.Fields[0].At(0).(time.Time)))
	require.Equal(t, names(was), names(is), "the fields of a stream do not change")

	cancel() // nobody listens any more
	for err == nil {
		_, err = stream.Recv()
	}
	require.Equal(t, codes.Canceled, status.Code(err))
}

func names(f *data.Frame) []string {
	var out []string
	for _, field := range f.Fields {
		out = append(out, field.Name+" "+field.Type().ItemTypeString())
	}
	return out
}

func TestChannelsNameCallsWhateverTheirIDs(t *testing.T) {
	for name, s := range map[string]panel.Stream{
		"plain":         {Call: "demo-1_a.b"},
		"of a client":   {Call: "demo", Participant: "ana", Kind: "audio"},
		"of a kind":     {Call: "demo", Kind: "video"},
		"slashes":       {Call: "rooms/über 100%"},
		"like nothing":  {Call: "-"},
		"like encoded":  {Call: ".abc"},
		"dots":          {Call: ".."},
		"other letters": {Call: "通話", Participant: "a/b"},
	} {
		t.Run(name, func(t *testing.T) {
			channel, ok := panel.Channel("ds/uid", s)
			require.True(t, ok)
			got, ok := panel.ParseStream(channel[len("ds/uid/"):])
			require.True(t, ok)
			require.Equal(t, s, got)
		})
	}
	long := make([]byte, 200)
	for i := range long {
		long[i] = 'x'
	}
	_, ok := panel.Channel("ds/uid", panel.Stream{Call: string(long)})
	require.False(t, ok, "Grafana takes 160 characters")
}
