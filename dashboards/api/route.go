package api

import "slices"

// route is one question under a URL.
type route struct {
	pattern string
	params  []string // the arguments that it takes
	ask     answer
}

var span = []string{"from", "to", "since"}

// at makes a route whose arguments are a span of time and those named.
func at(pattern string, ask answer, params ...string) *route {
	return &route{pattern: "/api/v1/" + pattern, params: slices.Concat(params, span), ask: ask}
}

// with is a list of arguments and some more.
func with(params []string, more ...string) []string { return slices.Concat(params, more) }

// routes are all questions.
func routes() []*route {
	return []*route{
		at("calls", calls, with(callParams, "sort", "order")...),
		at("calls/{call}", overview),
		at("calls/{call}/participants", participants, "client", "limit"),
		at("calls/{call}/paths", paths, "participant", "kind", "limit"),
		at("calls/{call}/paths/series", series, "publisher", "subscriber", "kind", "track", "points"),
		at("calls/{call}/windows", windows, "participant", "kind", "limit", "cursor"),
		at("calls/{call}/hops", hops, "limit"),
		at("calls/{call}/hops/series", hopSeries, "from_id", "to_id", "limit"),
		at("calls/{call}/topology", topology),
		at("calls/{call}/quality", quality, "participant", "kind", "step", "points"),
		at("calls/{call}/bitrate", rates, "client", "step", "points"),
		at("calls/{call}/events", events, "source", "type", "limit", "cursor"),
		at("worst", worst, with(callParams, "by")...),
		at("latency", latency, with(latencyParams, "by", "step", "points", "groups")...),
		at("latency/totals", latencyTotals, with(latencyParams, "by", "groups")...),
		at("versions", versions, with(latencyParams, "groups")...),
		at("regions/matrix", matrix, with(latencyParams, "limit")...),
		at("coverage", coverage, "kind", "publisher_region", "subscriber_region", "step", "points"),
		at("links", links, "access", "sfu", "region", "step", "points", "limit"),
		at("connectivity", connectivity, "call", "by", "step", "points", "limit"),
		at("bitrate", bitrate, "call", "client", "limit"),
		at("regressions", regressions, "id", "state", "cause", "link", "sfu", "region", "publisher_region", "subscriber_region", "version", "asn", "limit"),
		at("dead-letters", deadLetters, "limit"),
	}
}
