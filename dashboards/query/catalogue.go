package query

import "context"

// Scope is what a question of the catalogue is about. A question takes of it what it needs.
type Scope struct {
	Range
	CallID      string
	ClientID    string // a participant of the call, who receives
	PublisherID string // another one, whom ClientID hears
}

// Question is one of the catalogue, in the form in which dashboards and the load test ask it.
type Question struct {
	Name string
	Help string
	// Ask asks, and tells how many rows or points came.
	Ask func(ctx context.Context, s *Service, in Scope) (rows int, err error)
}

// Questions are all questions, in the order of their names within each of two groups: those about many calls and those about one.
func Questions() []Question {
	return append(aboutMany(), aboutOne()...)
}

func aboutMany() []Question {
	return []Question{
		{"activity", "How many calls and participants there were, and how many calls go on.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Activity(ctx, ActivityQuery{Range: in.Range})
			return size(a, err, func(a *Activity) int { return len(a.Points) })
		}},
		{"activity_over_time", "The same over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Activity(ctx, ActivityQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Activity) int { return len(a.Points) })
		}},
		{"bandwidth", "How bit rates were spread, over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Bandwidth(ctx, BandwidthQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Bandwidth) int { return len(a.Points) })
		}},
		{"bitrate", "Downlinks of participants against 3 and 4 Mbit/s, the lowest first.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Bitrate(ctx, BitrateQuery{Range: in.Range, Limit: 100})
			return size(a, err, func(a *Bitrate) int { return len(a.Lowest) })
		}},
		budgetBy("budget", "Mean parts of mouth to ear over time.", BudgetQuery{OverTime: true}),
		budgetBy("budget_by_path", "The same by path over regions, over time.", BudgetQuery{By: "path", OverTime: true}),
		budgetBy("budget_by_version", "The same for the whole range, by application version.", BudgetQuery{By: "version"}),
		{"calls", "The newest calls, a page of them.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Calls(ctx, CallsQuery{Range: in.Range})
			return size(a, err, func(a *CallPage) int { return len(a.Calls) })
		}},
		{"connectivity", "Shares of TURN, TCP and IPv6, and the time to connect.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Connectivity(ctx, ConnectivityQuery{Range: in.Range})
			return size(a, err, func(a *Connectivity) int { return len(a.Points) })
		}},
		{"connectivity_over_time", "The same over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Connectivity(ctx, ConnectivityQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Connectivity) int { return len(a.Points) })
		}},
		{"coverage", "For how many windows there is a round-trip time, over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Coverage(ctx, CoverageQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Coverage) int { return len(a.Points) })
		}},
		{"dead_letters", "What could not be read, by reason.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.DeadLetters(ctx, DeadLettersQuery{Range: in.Range})
			return len(a), err
		}},
		{"dead_letters_over_time", "The same over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Unreadable(ctx, PipelineQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Tally) int { return len(a.Points) })
		}},
		{"ingest", "How samples came in over time, by kind of source.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Ingest(ctx, PipelineQuery{Range: in.Range, OverTime: true, By: "source_kind"})
			return size(a, err, func(a *Ingest) int { return len(a.Points) })
		}},
		latencyBy("latency", "Percentiles and shares over 150, 300 and 400 ms over time.", LatencyQuery{OverTime: true}),
		latencyBy("latency_by_asn", "The same for the whole range, by network operator.", LatencyQuery{By: "asn"}),
		latencyBy("latency_by_browser", "The same by browser.", LatencyQuery{By: "browser"}),
		latencyBy("latency_by_country", "The same by country.", LatencyQuery{By: "country"}),
		latencyBy("latency_by_network", "The same by kind of network.", LatencyQuery{By: "network"}),
		latencyBy("latency_by_path", "The same by path over regions, over time.", LatencyQuery{By: "path", OverTime: true}),
		latencyBy("latency_by_version", "The same by application version.", LatencyQuery{By: "version"}),
		{"link_calls", "How many calls used the links between SFUs.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.LinkCalls(ctx, LinkCallsQuery{Range: in.Range})
			return len(a), err
		}},
		{"links", "How the links between SFUs did.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Links(ctx, LinksQuery{Range: in.Range})
			return size(a, err, func(a *Links) int { return len(a.Links) })
		}},
		{"links_over_time", "The same over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Links(ctx, LinksQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Links) int { return len(a.Links) })
		}},
		{"matrix", "Latency by pair of regions.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Matrix(ctx, MatrixQuery{Range: in.Range})
			return size(a, err, func(a *Matrix) int { return len(a.Pairs) })
		}},
		{"newest_window", "When the newest window ended.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.NewestWindow(ctx, in.Range)
			if a == nil {
				return 0, err
			}
			return 1, err
		}},
		{"regressions", "Latency that shifted, and what got slower.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Regressions(ctx, RegressionsQuery{Range: in.Range})
			return len(a), err
		}},
		{"rows_stored", "Rows that were written over time, by table.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.RowsStored(ctx, PipelineQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Tally) int { return len(a.Points) })
		}},
		{"sources", "Who reported, over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Sources(ctx, PipelineQuery{Range: in.Range, OverTime: true})
			return size(a, err, func(a *Tally) int { return len(a.Points) })
		}},
		valuesOf("asns"), valuesOf("calls"), valuesOf("regions"), valuesOf("sfus"),
		{"worst", "The calls with the largest share of bad windows.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Calls(ctx, CallsQuery{Range: in.Range, Sort: "bad", MinWindows: WorthALook, Limit: 50})
			return size(a, err, func(a *CallPage) int { return len(a.Calls) })
		}},
	}
}

func aboutOne() []Question {
	return []Question{
		{"call", "One call as a whole.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.CallOverview(ctx, CallQuery{Range: in.Range, CallID: in.CallID})
			return size(a, err, func(a *Overview) int { return len(a.Nodes) })
		}},
		{"call_bitrate", "What its participants received and sent over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Rates(ctx, RatesQuery{Range: in.Range, CallID: in.CallID})
			return size(a, err, func(a *Rates) int { return len(a.Points) })
		}},
		{"call_links", "Its links over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.CallLinks(ctx, CallLinksQuery{Range: in.Range, CallID: in.CallID})
			return size(a, err, func(a *CallLinks) int { return len(a.Points) })
		}},
		{"e2e", "All windows of one participant.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.E2E(ctx, E2EQuery{Range: in.Range, CallID: in.CallID, Participant: in.ClientID})
			return len(a), err
		}},
		{"events", "What happened in it.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Events(ctx, EventsQuery{Range: in.Range, CallID: in.CallID})
			return size(a, err, func(a *Events) int { return len(a.Events) })
		}},
		{"hops", "The latest window of each of its links.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.HopsNow(ctx, HopsQuery{Range: in.Range, CallID: in.CallID})
			return len(a), err
		}},
		{"node_scores", "How its windows were, by who received them and by SFU.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.NodeScores(ctx, CallQuery{Range: in.Range, CallID: in.CallID})
			return len(a), err
		}},
		{"participants", "Its participants, and what each had of each other.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Participants(ctx, ParticipantsQuery{Range: in.Range, CallID: in.CallID})
			return len(a), err
		}},
		{"path_over_time", "One path, hop by hop, over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.PathSeries(ctx, SeriesQuery{
				Range: in.Range, CallID: in.CallID, PublisherID: in.PublisherID, SubscriberID: in.ClientID, Kind: "audio",
			})
			return size(a, err, func(a *PathSeries) int { return len(a.Points) })
		}},
		{"paths", "The latest window of each of its paths.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.PathsNow(ctx, E2EQuery{Range: in.Range, CallID: in.CallID})
			return len(a), err
		}},
		{"quality", "How it was heard and seen over time.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Quality(ctx, QualityQuery{Range: in.Range, CallID: in.CallID})
			return size(a, err, func(a *Quality) int { return len(a.Points) })
		}},
		{"topology", "The call as a graph.", func(ctx context.Context, s *Service, in Scope) (int, error) {
			a, err := s.Topology(ctx, CallQuery{Range: in.Range, CallID: in.CallID})
			return size(a, err, func(a *Topology) int { return len(a.Nodes) + len(a.Edges) })
		}},
		valuesOf("participants"), valuesOf("publishers"), valuesOf("tracks"),
	}
}

func latencyBy(name, help string, q LatencyQuery) Question {
	return Question{name, help, func(ctx context.Context, s *Service, in Scope) (int, error) {
		q := q
		q.Range = in.Range
		a, err := s.Latency(ctx, q)
		return size(a, err, func(a *Latency) int { return len(a.Points) })
	}}
}

func size[T any](answer *T, err error, count func(*T) int) (int, error) {
	if err != nil {
		return 0, err
	}
	return count(answer), nil
}

func budgetBy(name, help string, q BudgetQuery) Question {
	return Question{name, help, func(ctx context.Context, s *Service, in Scope) (int, error) {
		q := q
		q.Range = in.Range
		a, err := s.Budget(ctx, q)
		return size(a, err, func(a *BudgetParts) int { return len(a.Points) })
	}}
}

func valuesOf(kind string) Question {
	return Question{"values_" + kind, "The " + kind + " that there are to choose from.", func(ctx context.Context, s *Service, in Scope) (int, error) {
		a, err := s.Values(ctx, ValuesQuery{Range: in.Range, Of: kind, CallID: in.CallID})
		return len(a), err
	}}
}
