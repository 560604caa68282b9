package regression

import "time"

// around is how long the reference of the season reaches to either side: what was at ten past ten a week ago tells about ten.
const around = 30 * time.Minute

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// Season says of which spans of time the reference for the windows around now is made, given the time of the oldest observation: the
// same hour of the last two weeks, as far as they are known; else that of the last day which is alike, a working day or a day of the
// weekend; else that of the day before; else none. The answer changes every half hour.
func (d *Detector) Season(now, oldest time.Time) []Span {
	now = now.UTC().Round(around)
	at := func(ago time.Duration) (Span, bool) {
		s := Span{now.Add(-ago - around), now.Add(-ago + around)}
		return s, !s.From.Before(oldest)
	}
	var spans []Span
	for _, ago := range []time.Duration{week, 2 * week} {
		if s, ok := at(ago); ok {
			spans = append(spans, s)
		}
	}
	if len(spans) > 0 {
		return spans
	}
	for ago := day; ago < week; ago += day {
		if s, ok := at(ago); ok && weekend(now) == weekend(now.Add(-ago)) {
			return []Span{s}
		}
	}
	if s, ok := at(day); ok {
		return []Span{s}
	}
	return nil
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }
