package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/earshot-rtc/earshot/lab/report"
)

// labTableCmd turns reports into the table of docs/accuracy.md; see `make accuracy`.
type labTableCmd struct {
	Reports []string `arg:"" placeholder:"FILE" help:"What lab run --json has written."`
}

// Run prints one line of Markdown per report.
func (c *labTableCmd) Run() error {
	fmt.Println("| topology | paths | hops | true RTT, ms | windows | \\|error\\|, ms: median | p95 | per hop: median | p95 | coverage | honest | complete / imputed / partial |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, file := range c.Reports {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var rep report.Report
		if err := json.Unmarshal(data, &rep); err != nil {
			return fmt.Errorf("%s is not a report of lab run: %w", file, err)
		}
		if rep.Summary.Topology == "" {
			return fmt.Errorf("%s is not a report of lab run: it names no topology", file)
		}
		s := rep.Summary
		hops, rtt := span{}, span{}
		for _, p := range rep.Paths {
			hops.add(float64(p.Hops))
			if p.TrueRTT != nil {
				rtt.add(*p.TrueRTT)
			}
		}
		fmt.Printf("| %s | %d | %s | %s | %d | %s | %s | %s | %s | %.3f | %s | %d / %d / %d |\n", s.Topology, s.Paths, hops, rtt, s.Windows,
			figure(s.MedianAbsError), figure(s.P95AbsError), figure(s.MedianErrorPerHop), figure(s.P95ErrorPerHop), s.Coverage,
			percent(s.Honest), s.StatusCounts[report.Complete], s.StatusCounts[report.Imputed], s.StatusCounts[report.Partial])
		if s.WrongPaths > 0 || s.FalseComplete > 0 || s.SamplesStored != s.SamplesSent {
			return failure{fmt.Errorf("%s: %d windows of wrong paths, %d falsely complete, %d of %d samples stored",
				file, s.WrongPaths, s.FalseComplete, s.SamplesStored, s.SamplesSent)}
		}
	}
	return nil
}

// span is the least and the greatest of some numbers.
type span struct{ low, high float64 }

func (s *span) add(v float64) {
	if *s == (span{}) {
		s.low = math.Inf(1)
	}
	s.low, s.high = min(s.low, v), max(s.high, v)
}

func (s span) String() string {
	low, high := fmt.Sprintf("%.0f", s.low), fmt.Sprintf("%.0f", s.high)
	if low == high {
		return low
	}
	return strings.Join([]string{low, high}, " to ")
}
