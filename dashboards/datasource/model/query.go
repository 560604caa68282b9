// Package model is what a panel asks of the Earshot data source: JSON of a query comes in as the front end or a dashboard wrote it, and
// goes out checked, with the words filled in that were left out. The front end, the back end and the dashboards' generator share it.
package model

import (
	"encoding/json"
	"fmt"
)

// PluginID is the id of the plugin and the type of its data sources.
const PluginID = "earshot-datasource"

// Query is what one panel asks. Fields that a type does not use are ignored; empty filters match everything. Texts may hold template
// variables until the front end has replaced them.
type Query struct {
	Type    string   `json:"queryType"`         // one of Types
	Metric  string   `json:"metric,omitempty"`  // rtt or mouth_to_ear, where the type has two; "" = rtt
	Stats   []string `json:"stats,omitempty"`   // of the type's Stats; none: its Default
	By      string   `json:"by,omitempty"`      // of the type's By; "" = all together
	Format  string   `json:"format,omitempty"`  // of the type's Formats; "" = its first
	Limit   int      `json:"limit,omitempty"`   // rows or groups; 0 = as many as the type gives without
	Sort    string   `json:"sort,omitempty"`    // of the type's Sort; "" = its first
	Kind    string   `json:"kind,omitempty"`    // audio, video, or "" for both
	Live    bool     `json:"live,omitempty"`    // paths: streamed while the call runs; calls, regressions: only those that go on
	SQL     string   `json:"sql,omitempty"`     // sql
	Filters []AdHoc  `json:"filters,omitempty"` // of the dashboard, on top of the fields below

	// Variable names what a query of type variable lists: one of Variables.
	Variable string `json:"variable,omitempty"`

	Call             string `json:"call,omitempty"`             // its id; calls: a part of it
	Participant      string `json:"participant,omitempty"`      // a client of the call, who receives
	Publisher        string `json:"publisher,omitempty"`        // a client of the call, who sends
	PublisherRegion  string `json:"publisherRegion,omitempty"`  // where the sender meets the service
	SubscriberRegion string `json:"subscriberRegion,omitempty"` // where the receiver does
	Path             string `json:"path,omitempty"`             // regions of the SFUs joined by '>', or p2p
	Version          string `json:"version,omitempty"`          // of the application
	ASN              string `json:"asn,omitempty"`              // number of the network operator, with or without AS before it
	Country          string `json:"country,omitempty"`          // ISO 3166-1 alpha-2
	Browser          string `json:"browser,omitempty"`          // name and major version
	Network          string `json:"network,omitempty"`          // wifi, cellular, ethernet ...
	SFU              string `json:"sfu,omitempty"`              // at either end of a link
}

// AdHoc is one of a dashboard's ad-hoc filters.
type AdHoc struct {
	Key      string `json:"key"`      // one of Keys
	Operator string `json:"operator"` // "="
	Value    string `json:"value"`
}

// Parse reads a query, fills in what it leaves out, and checks it.
func Parse(raw []byte) (Query, error) {
	var q Query
	if err := json.Unmarshal(raw, &q); err != nil {
		return q, fmt.Errorf("the query is no JSON of the Earshot data source: %w", err)
	}
	q, err := q.Normal()
	if err != nil {
		return q, err
	}
	return q, q.Validate()
}

// Normal is the query with its ad-hoc filters among its fields, and the words that it leaves out.
func (q Query) Normal() (Query, error) {
	for _, f := range q.Filters {
		if err := q.filter(f); err != nil {
			return q, err
		}
	}
	q.Filters = nil
	w, ok := Lookup(q.Type)
	if !ok {
		return q, nil // Validate says so
	}
	if len(q.Stats) == 0 {
		q.Stats = w.Default
	}
	if q.Format == "" && len(w.Formats) > 0 {
		q.Format = w.Formats[0]
	}
	if q.Sort == "" && len(w.Sort) > 0 {
		q.Sort = w.Sort[0]
	}
	if q.Metric == "" && len(w.Metrics) > 0 {
		q.Metric = w.Metrics[0]
	}
	return q, nil
}

// filter sets the field that an ad-hoc filter is about.
func (q *Query) filter(f AdHoc) error {
	field := q.field(f.Key)
	switch {
	case f.Key == "" && f.Value == "":
		return nil // a filter that is being written
	case field == nil:
		return fmt.Errorf("filters: there is no key %q; it is one of %s", f.Key, list(Keys()))
	case f.Operator != "=" && f.Operator != "":
		return fmt.Errorf("filters: %s %s: the only operator is =", f.Key, f.Operator)
	case *field != "" && *field != f.Value:
		return fmt.Errorf("filters: %s = %s contradicts the panel, which has %s already", f.Key, f.Value, *field)
	}
	*field = f.Value
	return nil
}

// field is the one that a key of ad-hoc filters stands for, nil where there is none.
func (q *Query) field(key string) *string {
	switch key {
	case "publisher_region":
		return &q.PublisherRegion
	case "subscriber_region":
		return &q.SubscriberRegion
	case "path":
		return &q.Path
	case "version":
		return &q.Version
	case "asn":
		return &q.ASN
	case "country":
		return &q.Country
	case "browser":
		return &q.Browser
	case "network":
		return &q.Network
	case "sfu":
		return &q.SFU
	case "kind":
		return &q.Kind
	case "call":
		return &q.Call
	}
	return nil
}
