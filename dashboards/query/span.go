package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseLength reads a length of time as people write it: 90s, 15m, 1h30m, and 7d or 2w besides. It is positive.
func ParseLength(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no length of time such as 15m, 24h or 7d", text)
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			n, err := strconv.Atoi(number)
			if err != nil || n <= 0 || n > 10_000 {
				return 0, wrong
			}
			return time.Duration(n) * unit, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, wrong
	}
	return d, nil
}

// ParseTime reads a moment: RFC 3339, "now", or a length of time before now such as 1h.
func ParseTime(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if d, err := ParseLength(text); err == nil {
		return now.Add(-d), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is no time such as 2026-03-01T12:00:00Z, nor a length of time before now such as 1h", text)
	}
	return t, nil
}
