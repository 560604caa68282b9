package api

// route is one question under a URL.
type route struct {
	pattern string
	params  []string // the arguments that it takes
	ask     answer
}

var span = []string{"from", "to", "since"}

// at makes a route whose arguments are a span of time and those named.
func at(pattern string, ask answer, params ...string) *route {
	return &route{pattern: "/api/v1/" + pattern, params: append(params, span...), ask: ask}
}

// routes are all questions.
func routes() []*route {
	return []*route{
		at("calls/{call}", overview),
		at("calls/{call}/paths", paths, "participant", "kind", "limit"),
		at("calls/{call}/paths/series", series, "publisher", "subscriber", "kind", "track", "points"),
		at("calls/{call}/hops", hops, "limit"),
		at("calls/{call}/topology", topology),
		at("calls/{call}/quality", quality, "participant", "kind", "step", "points"),
		at("calls/{call}/events", events, "source", "type", "limit", "cursor"),
	}
}
