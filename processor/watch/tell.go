package watch

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/processor/alert"
	"github.com/earshot-rtc/earshot/processor/regression"
)

// AlertName is that of the alert for an open regression, here and in Grafana's rules.
const AlertName = "EarshotLatencyRegression"

// news is how long after its end an alert is told as ended to who may not have heard of it.
const news = 15 * time.Minute

// tell passes on what is open, and what was resolved lately.
func (s *search) tell() {
	var firing, ended []alert.Alert
	count := map[regression.Cause]int{}
	for _, tenant := range slices.Sorted(maps.Keys(s.desks)) {
		for _, r := range s.desks[tenant].list() {
			switch {
			case r.State == regression.Open:
				count[r.Cause]++
				firing = append(firing, s.alert(tenant, &r))
			case s.next.Sub(r.ResolvedAt) < news:
				ended = append(ended, s.alert(tenant, &r))
			}
		}
	}
	for _, cause := range causes {
		s.w.metrics.open.WithLabelValues(string(cause)).Set(float64(count[cause]))
	}
	// The same may have begun again: what fires comes last and counts.
	s.w.alerts.Set(append(ended, firing...))
}

func (s *search) alert(tenant string, r *regression.Regression) alert.Alert {
	a := alert.Alert{
		Labels: map[string]string{
			"alertname": AlertName, "cause": string(r.Cause), "severity": string(r.Severity), "link": link(r), "sfu": r.SFU,
			"version": r.Version, "tenant": tenant,
		},
		Annotations: map[string]string{
			"summary": summary(r), "description": description(r), "runbook_url": s.w.cfg.RunbookURL, "id": r.ID,
		},
		StartsAt: r.StartedAt, EndsAt: r.ResolvedAt, GeneratorURL: s.w.cfg.DashboardURL,
	}
	if r.ASN != 0 {
		a.Labels["asn"] = operator(r.ASN)
	}
	if r.Cause == regression.RegionPair && len(r.Pairs) > 0 {
		// Of other causes the pairs that feel them come and go, and labels must not.
		a.Labels["from_region"], a.Labels["to_region"] = r.Pairs[0].Publisher, r.Pairs[0].Subscriber
	}
	return a
}

// link is the two SFUs in the order of their names.
func link(r *regression.Regression) string {
	if r.Link == (regression.Link{}) {
		return ""
	}
	return r.Link.From + "-" + r.Link.To
}

func operator(asn uint32) string { return "AS" + strconv.FormatUint(uint64(asn), 10) }

// segment names what got slower.
func segment(r *regression.Regression) string {
	switch {
	case r.Link != (regression.Link{}):
		return link(r)
	case r.SFU != "":
		return r.SFU
	case r.ASN != 0:
		return operator(r.ASN)
	case r.Version != "":
		return r.Version
	case len(r.Pairs) > 0:
		return r.Pairs[0].Publisher + " > " + r.Pairs[0].Subscriber
	}
	return "calls"
}

// summary says in a sentence what happened.
func summary(r *regression.Regression) string {
	var what string
	switch r.Cause {
	case regression.SFULink:
		what = "The link " + link(r) + " got slower"
	case regression.AccessSFU:
		what = "The way between " + r.SFU + " and its clients got slower"
	case regression.AccessNetwork:
		what = "The way of clients of " + segment(r) + " to their SFUs got slower"
	case regression.AppVersion:
		what = "Clients with version " + r.Version + " got slower"
	case regression.OtherPaths:
		what = "Calls take other, slower paths"
		if len(r.WasPath) > 0 && len(r.NowPath) > 0 {
			what += " (" + strings.Join(r.NowPath, " > ") + " in place of " + strings.Join(r.WasPath, " > ") + ")"
		}
	default:
		what = "Calls from " + strings.Replace(segment(r), " > ", " to ", 1) + " got slower"
	}
	return fmt.Sprintf("%s by %.0f ms: %.0f ms round trip in place of %.0f ms.", what, r.ShiftMs, r.AfterMs, r.BeforeMs)
}

// description adds since when, and who feels it.
func description(r *regression.Regression) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Since %s; %.0f to %.0f ms with confidence, in %d calls.", r.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC"),
		r.ShiftLowMs, r.ShiftHighMs, r.CallsAfter)
	if len(r.Pairs) > 0 {
		b.WriteString(" Felt by")
		for i, p := range r.Pairs {
			if i == 5 {
				fmt.Fprintf(&b, " and %d more pairs of regions", len(r.Pairs)-i)
				break
			}
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, " %s > %s (%d calls)", p.Publisher, p.Subscriber, p.Calls)
		}
		b.WriteByte('.')
	}
	return b.String()
}
