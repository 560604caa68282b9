package source

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/datasource/panel"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// choice is a value to choose, and how it is said to people.
type choice struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// routes are what the front end asks besides queries: GET /variables/<name>?from=&to=&call=&search=, /adhoc/keys and /adhoc/values?key=.
// Times are milliseconds since 1970; without them it is the last 24 hours.
func (s *Source) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /variables/{name}", func(w http.ResponseWriter, r *http.Request) {
		s.values(w, r, r.PathValue("name"))
	})
	mux.HandleFunc("GET /adhoc/keys", func(w http.ResponseWriter, _ *http.Request) {
		keys := model.Keys()
		out := make([]choice, len(keys))
		for i, k := range keys {
			out[i] = choice{k, k}
		}
		reply(w, http.StatusOK, out)
	})
	mux.HandleFunc("GET /adhoc/values", func(w http.ResponseWriter, r *http.Request) {
		key := r.FormValue("key")
		if key == "kind" {
			reply(w, http.StatusOK, []choice{{"audio", "audio"}, {"video", "video"}})
			return
		}
		name, known := lists[key]
		if !known {
			refuse(w, argument(errors.New("key: there is no filter "+strconv.Quote(key))))
			return
		}
		s.values(w, r, name)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusNotFound, map[string]string{"message": "there is no " + r.URL.Path + "; there are variables/<name>, adhoc/keys and adhoc/values"})
	})
	return mux
}

// lists are the variables whose values a filter takes.
var lists = map[string]string{
	"publisher_region": "regions", "subscriber_region": "regions", "path": "paths", "version": "versions", "asn": "asns", "country": "countries",
	"browser": "browsers", "network": "networks", "sfu": "sfus", "call": "calls",
}

func (s *Source) values(w http.ResponseWriter, r *http.Request, name string) {
	if s.wrong != nil {
		refuse(w, argument(s.wrong))
		return
	}
	m := model.Query{Type: model.Variable, Variable: name, Call: r.FormValue("call")}
	if err := m.Validate(); err != nil {
		refuse(w, argument(err))
		return
	}
	span, err := span(r.FormValue("from"), r.FormValue("to"))
	if err != nil {
		refuse(w, argument(err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.settings.Timeout)
	defer cancel()
	values, err := s.service.Values(ctx, query.ValuesQuery{Range: span, Of: name, CallID: m.Call, Search: r.FormValue("search"), Limit: min(500, s.settings.MaxRows)})
	if err != nil {
		refuse(w, err)
		return
	}
	out := make([]choice, len(values))
	for i, v := range values {
		out[i] = choice{panel.ValueText(name, v), v}
	}
	reply(w, http.StatusOK, out)
}

func span(from, to string) (query.Range, error) {
	var r query.Range
	for _, end := range []struct {
		name, text string
		at         *time.Time
	}{{"from", from, &r.From}, {"to", to, &r.To}} {
		if end.text == "" {
			continue
		}
		ms, err := strconv.ParseInt(end.text, 10, 64)
		if err != nil {
			return r, errors.New(end.name + ": " + strconv.Quote(end.text) + " is no time in milliseconds since 1970")
		}
		*end.at = time.UnixMilli(ms)
	}
	return r, nil
}

func refuse(w http.ResponseWriter, err error) {
	answer := refusal(err)
	reply(w, int(answer.Status), map[string]string{"message": answer.Error.Error()})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		backend.Logger.Debug("An answer was not sent", "error", err)
	}
}
