package timetable

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// field is one part of a cron expression.
type field struct {
	name     string
	low, top int
	names    []string // of values from low on
}

var fields = []field{
	{"second", 0, 59, nil}, {"minute", 0, 59, nil}, {"hour", 0, 23, nil}, {"day of month", 1, 31, nil},
	{"month", 1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{"day of week", 0, 7, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}}, {"year", 1970, 2199, nil},
}

// set is the values that a field allows.
type set struct {
	values []int // sorted; empty is all
	// special are the days that depend on the month: they add to values.
	special []func(d date) bool
	// steady says that the values come round all the time.
	steady bool
}

func (s *set) has(n int) bool {
	return len(s.values)+len(s.special) == 0 || slices.Contains(s.values, n)
}

func (s *set) hasDay(d date, n int) bool {
	return s.has(n) || slices.ContainsFunc(s.special, func(is func(date) bool) bool { return is(d) })
}

// each lists the values.
func (s *set) each(f field) []int {
	if len(s.values) > 0 {
		return s.values
	}
	all := make([]int, 0, f.top-f.low+1)
	for n := f.low; n <= f.top; n++ {
		all = append(all, n)
	}
	return all
}

// Cron reads an expression of six fields (second, minute, hour, day of month,
// month, day of week) or seven, with the year. Sunday is day 0 or 7 of the week.
// A day must satisfy both the field of the month's and the field of the week's
// days. "L", "W" and "#" mean what they do elsewhere: the last day ("L"), the
// working day nearest to a day ("15W", "LW"), the last ("5L") or nth ("5#2")
// such day of a month.
func Cron(expression string, zone *time.Location) (*Table, error) {
	parts := strings.Fields(expression)
	if len(parts) != 6 && len(parts) != 7 {
		return nil, fault.New(fault.Invalid, "CronExpression must have six fields (second, minute, hour, day of month, month, day of week) and may have a seventh for the year; '%s' has %d.", expression, len(parts))
	}
	sets := make([]set, len(fields))
	var wrong fault.Complaints
	for i, part := range parts {
		if err := sets[i].read(fields[i], strings.ToUpper(part)); err != nil {
			wrong.Add("CronExpression '%s': %s", expression, err)
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	for i, n := range sets[5].values {
		sets[5].values[i] = n % 7
	}
	t := &Table{zone: zone, on: func(d date) bool {
		return sets[6].has(d.year) && sets[4].has(int(d.month)) && sets[3].hasDay(d, d.day) && sets[5].hasDay(d, int(d.weekday()))
	}}
	t.at = func(d date, after time.Time, yield func(time.Time) bool) { clocks(sets, d, zone, after, yield) }
	if _, ok := t.Next(time.Date(fields[6].low, 1, 1, 0, 0, 0, 0, time.UTC)); !ok && len(parts) == 6 {
		return nil, fault.New(fault.Invalid, "CronExpression '%s' names no day that there is.", expression)
	}
	return t, nil
}

// clocks yields the moments of a day at which clocks show what the fields
// allow. Whole hours and minutes that are over are passed by.
func clocks(sets []set, d date, zone *time.Location, after time.Time, yield func(time.Time) bool) {
	var again []time.Time // of the hour that comes twice
	flush := func(before time.Time) bool {
		for len(again) > 0 && (before.IsZero() || again[0].Before(before)) {
			if !yield(again[0]) {
				return false
			}
			again = again[1:]
		}
		return true
	}
	over := func(c Clock) bool {
		all, _ := moments(d, c, zone)
		return !all[len(all)-1].After(after)
	}
hours:
	for _, h := range sets[2].each(fields[2]) {
		if over(Clock{h, 59, 59}) {
			continue
		}
		for _, m := range sets[1].each(fields[1]) {
			if over(Clock{h, m, 59}) {
				continue
			}
			for _, s := range sets[0].each(fields[0]) {
				all, skipped := moments(d, Clock{h, m, s}, zone)
				if skipped && sets[2].steady {
					continue // the next hour has one of its own
				}
				if !flush(all[0]) || !yield(all[0]) {
					return
				}
				if len(all) > 1 && sets[2].steady {
					again = append(again, all[1])
				}
				if skipped {
					continue hours // all of the hour is due at this moment
				}
			}
		}
	}
	flush(time.Time{})
}

// read takes the text of a field.
func (s *set) read(f field, text string) error {
	s.steady = text == "*" || strings.HasPrefix(text, "*/")
	if text == "*" || text == "?" && strings.HasPrefix(f.name, "day") {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		if special := specialDay(f, part); special != nil {
			s.special = append(s.special, special)
			continue
		}
		low, top, step, ok := span(f, part)
		if !ok {
			return fault.New(fault.Invalid, "'%s' is no %s: write numbers from %d to %d, such as 5, 1-5, */2 or 1,3.", part, f.name, f.low, f.top)
		}
		for n := low; n <= top; n += step {
			s.values = append(s.values, n)
		}
	}
	slices.Sort(s.values)
	s.values = slices.Compact(s.values)
	return nil
}

// span reads "*", "a", "a-b", each with "/step".
func span(f field, text string) (low, top, step int, ok bool) {
	text, by, stepped := strings.Cut(text, "/")
	step = 1
	if stepped {
		n, err := strconv.Atoi(by)
		if err != nil || n < 1 {
			return 0, 0, 0, false
		}
		step = n
	}
	if text == "*" {
		return f.low, f.most(), step, true
	}
	from, to, ranged := strings.Cut(text, "-")
	if low, ok = f.value(from); !ok {
		return 0, 0, 0, false
	}
	switch {
	case ranged:
		if top, ok = f.value(to); !ok {
			return 0, 0, 0, false
		}
		if top < low && f.name == "day of week" {
			top += 7 // over the week's end
		}
	case stepped:
		top = f.most()
	default:
		top = low
	}
	return low, top, step, low <= top
}

// most is the highest value that is not another one's second name.
func (f *field) most() int {
	if f.name == "day of week" {
		return 6
	}
	return f.top
}

func (f *field) value(text string) (int, bool) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.low + i, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= f.low && n <= f.top
}

// specialDay reads the days that depend on the month; nil if it is none.
func specialDay(f field, text string) func(d date) bool {
	switch f.name {
	case "day of month":
		return specialOfMonth(f, text)
	case "day of week":
		if day, nth, ok := strings.Cut(text, "#"); ok {
			n, err := strconv.Atoi(nth)
			weekday, ok := f.value(day)
			if err != nil || !ok || n < 1 || n > 5 {
				return nil
			}
			which := NthWeekday(n, time.Weekday(weekday%7))
			return func(d date) bool { return which(d.year, d.month) == d.day }
		}
		if day, ok := strings.CutSuffix(text, "L"); ok && day != "" {
			weekday, ok := f.value(day)
			if !ok {
				return nil
			}
			which := NthWeekday(0, time.Weekday(weekday%7))
			return func(d date) bool { return which(d.year, d.month) == d.day }
		}
	}
	return nil
}

func specialOfMonth(f field, text string) func(d date) bool {
	switch {
	case text == "L":
		return func(d date) bool { return d.day == d.last() }
	case text == "LW", text == "WL":
		return func(d date) bool { return d.day == working(d, d.last()) }
	case strings.HasPrefix(text, "L-"):
		n, err := strconv.Atoi(text[2:])
		if err != nil || n < 0 || n > 30 {
			return nil
		}
		return func(d date) bool { return d.day == d.last()-n }
	}
	if day, ok := strings.CutSuffix(text, "W"); ok {
		n, ok := f.value(day)
		if !ok {
			return nil
		}
		return func(d date) bool { return n <= d.last() && d.day == working(d, n) }
	}
	return nil
}

// working is the working day of a month that is nearest to a day.
func working(d date, day int) int {
	switch (date{d.year, d.month, day}).weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == d.last() {
			return day - 2
		}
		return day + 1
	}
	return day
}
