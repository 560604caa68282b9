package partition_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func put(t *testing.T, p *partition.Partition, m *earshotv1.Sample, received time.Time, out *row.Batch) {
	t.Helper()
	value, err := m.MarshalVT()
	require.NoError(t, err)
	require.NoError(t, p.Apply(partition.Record{Key: []byte(m.CallId), Value: value, Time: received}, out))
	clear(value) // the record's memory is the caller's again
}

func TestASamplesRowSaysWhoItIsAndHowItIsConnected(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := partition.New(partition.Config{})
	var out row.Batch
	for i := range uint64(2) {
		at := start.Add(time.Duration(i) * 2 * time.Second)
		put(t, p, &earshotv1.Sample{
			CallId: "c", SessionId: "s", Sequence: i + 1, SampledAtUs: at.UnixMicro(),
			Client: &earshotv1.ClientOrigin{
				ClientId: "ana", UserId: "u1", AppVersion: "2.1", Browser: "Chrome", BrowserVersion: "131.0.6778", Os: "Android", NetworkType: "cellular", ProbeVersion: "0.9",
			},
			Receipt: &earshotv1.Receipt{Tenant: "acme", Country: "DE", Region: "BE", Asn: 3320, Isp: "Telekom"},
			Transports: []*earshotv1.Transport{
				{TransportId: "data", BytesSent: 10 + i*250},
				{
					TransportId: "media", BytesSent: 1000 + i*25_000, BytesReceived: 5000 + i*500_000, AvailableOutgoingBps: 900_000, IpVersion: 6, ConnectUs: 412_600,
					LocalCandidateType: earshotv1.CandidateType_CANDIDATE_TYPE_RELAY, RemoteCandidateType: earshotv1.CandidateType_CANDIDATE_TYPE_HOST,
					Protocol: earshotv1.Protocol_PROTOCOL_UDP, RelayProtocol: earshotv1.Protocol_PROTOCOL_TLS, IceState: earshotv1.ICEState_ICE_STATE_CONNECTED, SelectedPairChanges: 3,
				},
			},
			Streams: []*earshotv1.Stream{
				{TransportId: "media", Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Ssrc: 1, Kind: earshotv1.MediaKind_MEDIA_KIND_VIDEO, QualityLimitation: earshotv1.QualityLimitation_QUALITY_LIMITATION_CPU},
				{TransportId: "media", Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Ssrc: 2, Kind: earshotv1.MediaKind_MEDIA_KIND_VIDEO, QualityLimitation: earshotv1.QualityLimitation_QUALITY_LIMITATION_BANDWIDTH},
				{TransportId: "media", Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Ssrc: 3, Kind: earshotv1.MediaKind_MEDIA_KIND_VIDEO, QualityLimitation: earshotv1.QualityLimitation_QUALITY_LIMITATION_OTHER},
			},
		}, at, &out)
	}
	put(t, p, &earshotv1.Sample{
		CallId: "c", SessionId: "x", Sequence: 1, SampledAtUs: start.UnixMicro(), Sfu: &earshotv1.SFUOrigin{SfuId: "fra1", Region: "eu", Version: "7"},
		Receipt: &earshotv1.Receipt{Tenant: "acme", Country: "US"},
	}, start.Add(3*time.Second), &out)

	require.Len(t, out.Samples, 3)
	first, second, sfu := out.Samples[0], out.Samples[1], out.Samples[2]
	require.Zero(t, first.SendBps+first.ReceiveBps, "nothing is known of the time before")
	require.EqualValues(t, (25_000+250)*8/2, second.SendBps, "over all transports")
	require.EqualValues(t, 500_000*8/2, second.ReceiveBps)
	require.Equal(t, row.Who{
		UserID: "u1", App: "2.1", Browser: "Chrome 131", OS: "Android", Network: "cellular", ProbeVersion: "0.9", Country: "DE", Region: "BE", ASN: 3320, ISP: "Telekom",
	}, second.Who)
	require.Equal(t, row.Link{
		LocalCandidate: row.Relay, RemoteCandidate: row.Host, Protocol: row.UDP, RelayProtocol: row.TLS, Relay: true, IPVersion: 6, ICEState: 3,
		PairChanges: 3, ConnectMs: 413, AvailableSendBps: 900_000,
	}, second.Link, "of the transport that carries most")
	require.Equal(t, row.LimitationBandwidth, second.QualityLimitation, "the strongest of all")
	require.Equal(t, "eu", sfu.SFURegion)
	require.Empty(t, sfu.Country, "where an SFU's address is says nothing of a person")
}

func TestEveryEventIsARowOnce(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := partition.New(partition.Config{})
	var out row.Batch
	m := &earshotv1.Sample{
		CallId: "c", SessionId: "s", Sequence: 7, SampledAtUs: start.UnixMicro(), Client: &earshotv1.ClientOrigin{ClientId: "ana"},
		Clock: &earshotv1.ClockOffset{OffsetUs: 1000},
		Events: []*earshotv1.Event{
			{Type: earshotv1.EventType_EVENT_TYPE_JOIN, AtUs: start.Add(-time.Second).UnixMicro()},
			{Type: earshotv1.EventType_EVENT_TYPE_FEEDBACK, TransportId: "t", TrackId: "mic", Value: "echo", Number: 2.5},
			{Type: 99, AtUs: 1 << 62},
		},
	}
	put(t, p, m, start, &out)
	put(t, p, m, start.Add(time.Second), &out) // sent again after a reconnect
	require.Equal(t, []row.Event{
		{At: start.Add(-time.Second).UnixMicro() + 1000, CallID: "c", SourceKind: row.KindClient, SourceID: "ana", Type: 1},
		{At: start.UnixMicro() + 1000, CallID: "c", SourceKind: row.KindClient, SourceID: "ana", Type: 11, TransportID: "t", TrackID: "mic", Value: "echo", Number: 2.5},
		{At: start.UnixMicro() + 1000, CallID: "c", SourceKind: row.KindClient, SourceID: "ana"},
	}, out.Events)
}
