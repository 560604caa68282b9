package model

import (
	"slices"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// Types of queries.
const (
	Latency      = "latency"
	Hops         = "hops"
	Topology     = "topology"
	Quality      = "quality"
	Matrix       = "matrix"
	Links        = "links"
	Calls        = "calls"
	Call         = "call"
	Participants = "participants"
	Paths        = "paths"
	Waterfall    = "waterfall"
	Events       = "events"
	Rates        = "rates"
	Bitrate      = "bitrate"
	Connectivity = "connectivity"
	Coverage     = "coverage"
	Regressions  = "regressions"
	Pipeline     = "pipeline"
	Summary      = "summary"
	SQL          = "sql"
	Variable     = "variable"
)

// Formats of answers.
const (
	TimeSeries  = "timeseries"  // one field per stat, a frame per group, over time
	Table       = "table"       // one row per group or thing, over the whole range
	Long        = "long"        // matrix: one row per pair of regions
	Graph       = "graph"       // nodes and edges
	Alert       = "alert"       // one row per open regression: texts and one number
	Annotations = "annotations" // time, timeEnd, title, text, tags
)

// Metrics of latency.
const (
	RTT        = "rtt"
	MouthToEar = "mouth_to_ear"
)

// Words are what a query of one type may say.
type Words struct {
	Type    string   `json:"type"`
	Title   string   `json:"title"`
	Help    string   `json:"help"`
	Metrics []string `json:"metrics,omitempty"`
	Formats []string `json:"formats,omitempty"` // the first is the default
	Stats   []string `json:"stats,omitempty"`
	Default []string `json:"defaultStats,omitempty"`
	By      []string `json:"by,omitempty"`      // besides "", all together
	Sort    []string `json:"sort,omitempty"`    // the first is the default
	Filters []string `json:"filters,omitempty"` // fields that it looks at, by their JSON names
	Needs   []string `json:"needs,omitempty"`   // fields that must be set, by their JSON names
}

var (
	spread  = []string{"p50", "p95", "p99", "max", "over_150", "over_300", "over_400", "windows"}
	whose   = []string{"kind", "publisherRegion", "subscriberRegion", "path", "version", "asn", "country", "browser", "network"}
	regions = []string{"kind", "publisherRegion", "subscriberRegion", "path", "version"}
	both    = []string{RTT, MouthToEar}
	charts  = []string{TimeSeries, Table}
	tables  = []string{Table}
)

var catalogue = []Words{
	{Type: Latency, Title: "Latency", Help: "End-to-end round-trip time, or mouth to ear, over time or by group.", Metrics: both,
		Formats: charts, Stats: spread, Default: []string{"p50", "p95", "p99"}, By: query.LatencyGroups(), Filters: whose},
	{Type: Hops, Title: "Where the time goes", Help: "Mean parts of mouth to ear, over time or by group; with a call, its links over time.",
		Formats: charts, Stats: []string{"send", "network", "residence", "jitter_buffer", "decode", "playout"},
		Default: []string{"send", "network", "residence", "jitter_buffer", "decode", "playout"},
		By:      []string{"publisher_region", "subscriber_region", "path", "version"}, Filters: append([]string{"call"}, regions...)},
	{Type: Topology, Title: "Topology", Help: "A call as a graph of clients and SFUs; without a call, the SFUs and the links between them.",
		Formats: []string{Graph}, Filters: []string{"call"}},
	{Type: Quality, Title: "Quality", Help: "Scores, loss, freezes, concealment, jitter: over time or by group; with a call, of that call.",
		Formats: charts, Stats: []string{"audio_score", "video_score", "loss", "freeze", "concealed", "jitter", "jitter_buffer", "bitrate", "bad", "windows"},
		Default: []string{"audio_score"}, By: query.LatencyGroups(), Filters: append([]string{"call", "participant"}, whose...)},
	{Type: Matrix, Title: "Region pairs", Help: "Latency from region to region: a row per sender's region, a column per receiver's.", Metrics: both,
		Formats: []string{Table, Long}, Stats: spread, Default: []string{"p50"}, Filters: whose},
	{Type: Links, Title: "SFU links", Help: "Round-trip time and loss of the links between SFUs, or of SFUs with their clients.",
		Formats: charts, Stats: []string{"p50", "p95", "p99", "max", "loss", "lossy", "relay", "windows", "calls"},
		Default: []string{"p50", "p95"}, By: []string{"access"}, Filters: []string{"sfu", "publisherRegion"}},
	{Type: Calls, Title: "Calls", Help: "The calls of the range.", Formats: tables, Sort: query.CallSorts(),
		Filters: []string{"call", "participant", "version", "browser", "country", "publisherRegion"}},
	{Type: Call, Title: "One call", Help: "What is known of one call as a whole.", Formats: tables, Filters: []string{"call"}, Needs: []string{"call"}},
	{Type: Participants, Title: "Participants", Help: "Who took part in a call, how connected, and how it was for each.",
		Formats: tables, Filters: []string{"call", "participant"}, Needs: []string{"call"}},
	{Type: Paths, Title: "Paths", Help: "The latest window of each path of a call; live, as they come.",
		Formats: tables, Filters: []string{"call", "participant", "kind"}, Needs: []string{"call"}},
	{Type: Waterfall, Title: "Waterfall", Help: "One path, hop by hop, over time.", Formats: charts,
		Stats: []string{"hops", "budget", "rtt", "mouth_to_ear"}, Default: []string{"hops"},
		Filters: []string{"call", "publisher", "participant", "kind"}, Needs: []string{"call", "publisher", "participant"}},
	{Type: Events, Title: "Events", Help: "What happened in a call.", Formats: []string{Table, Annotations},
		Filters: []string{"call", "participant"}, Needs: []string{"call"}},
	{Type: Rates, Title: "Bit rates of a call", Help: "What its participants received and sent over time.", Formats: charts[:1],
		Stats: []string{"receive", "send", "available_receive", "available_send", "limited"}, Default: []string{"receive", "send"},
		Filters: []string{"call", "participant"}, Needs: []string{"call"}},
	{Type: Bitrate, Title: "Bandwidth", Help: "Downlinks of participants against 3 and 4 Mbit/s, by when they came; as a table, the lowest.",
		Formats: charts, Stats: []string{"below_3", "from_3_to_4", "from_4", "receive_p5", "receive_p50", "receive_p95",
			"send_p5", "send_p50", "send_p95", "limited_by_bandwidth", "limited_by_cpu", "participants"},
		Default: []string{"below_3", "from_3_to_4", "from_4"}, Filters: []string{"call", "participant"}},
	{Type: Connectivity, Title: "Connectivity", Help: "Time to connect, and shares of TURN, TCP, IPv6, ICE failures and restarts.",
		Formats: charts, Stats: []string{"connect_p50", "connect_p95", "connect_p99", "connect_max", "turn", "tcp", "tls", "ipv6",
			"ice_failed", "ice_restarted", "participants"},
		Default: []string{"connect_p50", "connect_p95"}, By: query.ConnectivityGroups(), Filters: []string{"call"}},
	{Type: Coverage, Title: "Coverage", Help: "For how many windows there is a round-trip time.", Formats: charts,
		Stats:   []string{"coverage", "complete", "imputed", "partial", "unresolved", "windows"},
		Default: []string{"coverage"}, By: query.LatencyGroups(), Filters: whose},
	{Type: Regressions, Title: "Regressions", Help: "Latency that shifted: where, since when, by how much.",
		Formats: []string{Table, Alert, Annotations}, Filters: []string{"publisherRegion", "subscriberRegion", "sfu", "version", "asn"}},
	{Type: Pipeline, Title: "Earshot itself", Help: "How samples come in and what becomes of them.", Formats: charts,
		Stats: []string{"samples_rate", "sources", "delay_p50", "delay_p95", "late_ratio", "rows_rate", "unresolved_ratio", "partial_ratio",
			"dead_letters", "freshness"},
		Default: []string{"samples_rate"}, By: []string{"source_kind", "probe_version"}},
	{Type: Summary, Title: "Summary", Help: "Single figures of the whole range, or the same over time.", Metrics: both, Formats: []string{Table, TimeSeries},
		Stats: append(slices.Clone(spread), "coverage", "audio_score", "video_score", "loss", "bad", "active_calls", "calls", "participants",
			"below_3", "from_3_to_4", "from_4", "receive_p5", "receive_p50", "receive_p95", "send_p5", "send_p50", "send_p95",
			"limited_by_bandwidth", "limited_by_cpu"),
		Default: []string{"p50", "p95", "p99"}, Filters: whose},
	{Type: SQL, Title: "SQL", Help: "A SELECT of your own, where the data source allows it.", Formats: charts, Needs: []string{"sql"}},
	{Type: Variable, Title: "Variable", Help: "Values for a template variable.", Formats: tables, Filters: []string{"call"}, Needs: []string{"variable"}},
}

// Catalogue is what there is to ask, in the order in which an editor offers it.
func Catalogue() []Words { return slices.Clone(catalogue) }

// Lookup finds the words of a type.
func Lookup(queryType string) (Words, bool) {
	i := slices.IndexFunc(catalogue, func(w Words) bool { return w.Type == queryType })
	if i < 0 {
		return Words{}, false
	}
	return catalogue[i], true
}

// Types are the words that Query.Type takes.
func Types() []string {
	out := make([]string, len(catalogue))
	for i, w := range catalogue {
		out[i] = w.Type
	}
	return out
}

// Stats are the words that Query.Stats takes for a type, By those of Query.By besides "", Sort those of Query.Sort.
func Stats(queryType string) []string { w, _ := Lookup(queryType); return w.Stats }

// By are the words that Query.By takes for a type, besides "".
func By(queryType string) []string { w, _ := Lookup(queryType); return w.By }

// Sort are the words that Query.Sort takes for a type.
func Sort(queryType string) []string { w, _ := Lookup(queryType); return w.Sort }

// Keys are those of ad-hoc filters.
func Keys() []string {
	return []string{"publisher_region", "subscriber_region", "path", "version", "asn", "country", "browser", "network", "sfu", "kind", "call"}
}

// Variables are what template variables list. Those of a call need Query.Call.
func Variables() []string {
	return []string{
		"regions", "paths", "sfus", "versions", "asns", "countries", "browsers", "networks", "calls", "participants", "publishers", "tracks",
	}
}
