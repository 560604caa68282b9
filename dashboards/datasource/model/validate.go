package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// Validate says what is wrong with a query that Normal made whole.
func (q Query) Validate() error {
	w, ok := Lookup(q.Type)
	if !ok {
		if q.Type == "" {
			return fmt.Errorf("queryType: the query says nothing; choose one of %s", list(Types()))
		}
		return fmt.Errorf("queryType: %q is not one of %s", q.Type, list(Types()))
	}
	for _, word := range []struct {
		field, value string
		words        []string
	}{{"metric", q.Metric, w.Metrics}, {"format", q.Format, w.Formats}, {"by", q.By, w.By}, {"sort", q.Sort, w.Sort}} {
		// A word that the type has no use for may be left over from another type.
		if word.value != "" && len(word.words) > 0 && !slices.Contains(word.words, word.value) {
			return fmt.Errorf("%s: %s has no %q; it is one of %s", word.field, q.Type, word.value, list(word.words))
		}
	}
	for _, s := range q.Stats {
		if len(w.Stats) > 0 && !slices.Contains(w.Stats, s) {
			return fmt.Errorf("stats: %s has no %q; they are %s", q.Type, s, list(w.Stats))
		}
	}
	for _, name := range w.Needs {
		if q.text(name) == "" {
			return fmt.Errorf("%s: a query of type %s needs it", name, q.Type)
		}
	}
	switch {
	case q.Limit < 0 || q.Limit > query.MaxRows:
		return fmt.Errorf("limit: %d is not between 1 and %d; 0 leaves it to the data source", q.Limit, query.MaxRows)
	case q.Kind != "" && q.Kind != "audio" && q.Kind != "video":
		return fmt.Errorf("kind: %q is neither audio nor video", q.Kind)
	case q.Type == Variable && !slices.Contains(Variables(), q.Variable):
		return fmt.Errorf("variable: %q is not one of %s", q.Variable, list(Variables()))
	case q.Type == Variable && q.Call == "" && OfCall(q.Variable):
		return fmt.Errorf("call: the %s are those of a call; name it", q.Variable)
	}
	if q.ASN != "" {
		if _, err := query.ParseASN(q.ASN); err != nil {
			return err
		}
	}
	return nil
}

// OfCall tells whether a variable lists things of one call.
func OfCall(variable string) bool {
	return variable == "participants" || variable == "publishers" || variable == "tracks"
}

// text is the field of a JSON name of Words.Needs.
func (q Query) text(name string) string {
	switch name {
	case "call":
		return q.Call
	case "participant":
		return q.Participant
	case "publisher":
		return q.Publisher
	case "sql":
		return strings.TrimSpace(q.SQL)
	case "variable":
		return q.Variable
	}
	return ""
}

func list(words []string) string { return strings.Join(words, ", ") }
