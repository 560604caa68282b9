// Package statement runs what people write in SQL themselves: a text with macros comes in, one SELECT that can read and nothing else goes
// to ClickHouse, and a frame comes out.
package statement

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Moment is when a panel looks, and how finely.
type Moment struct {
	From, To time.Time
	Interval time.Duration
}

var macro = regexp.MustCompile(`\$__(\w+)(\(([^()]*)\))?`)

// Expand replaces the macros of a statement. Their values are numbers, so nothing can be smuggled in by them.
func Expand(sql string, m Moment) (string, error) {
	seconds := strconv.FormatInt(max(int64(m.Interval.Seconds()), 1), 10)
	from, to := strconv.FormatInt(m.From.UnixMilli(), 10), strconv.FormatInt(m.To.UnixMilli(), 10)
	var wrong error
	out := macro.ReplaceAllStringFunc(sql, func(text string) string {
		parts := macro.FindStringSubmatch(text)
		name, column := parts[1], strings.TrimSpace(parts[3])
		if takesColumn := name == "timeFilter" || name == "dateFilter" || name == "timeInterval"; takesColumn && column == "" {
			wrong = fmt.Errorf("sql: $__%s needs a column, as in $__%s(window_start)", name, name)
			return text
		}
		switch name {
		case "timeFilter":
			return fmt.Sprintf("(%s >= fromUnixTimestamp64Milli(%s) AND %s < fromUnixTimestamp64Milli(%s))", column, from, column, to)
		case "dateFilter":
			return fmt.Sprintf("(%s >= toDate(fromUnixTimestamp64Milli(%s), 'UTC') AND %s <= toDate(fromUnixTimestamp64Milli(%s), 'UTC'))", column, from, column, to)
		case "timeInterval":
			return fmt.Sprintf("toStartOfInterval(%s, toIntervalSecond(%s))", column, seconds)
		case "from":
			return from + parts[2]
		case "to":
			return to + parts[2]
		case "interval", "interval_s":
			return seconds + parts[2]
		case "interval_ms":
			return strconv.FormatInt(max(m.Interval.Milliseconds(), 1), 10) + parts[2]
		}
		wrong = fmt.Errorf("sql: there is no macro $__%s; there are $__timeFilter(column), $__dateFilter(column), $__timeInterval(column), $__from, $__to, $__interval_s and $__interval_ms", name)
		return text
	})
	return out, wrong
}
