// Package timetable says when something is due: daily, in intervals of a day,
// on days of the month, or by a cron expression, by the clocks of a time zone.
// It has no clock of its own.
//
// Where clocks are put forward, what is due within the hour that is left out is
// due when it ends. Where they are put back, what is due within the hour that
// comes twice is due the first time only, unless it is due every hour.
package timetable

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones where the machine has none

	"github.com/takodeploy/tako/internal/fault"
)

// A Table says when something is due.
type Table struct {
	zone *time.Location
	// on says whether anything of a day counts.
	on func(d date) bool
	// at yields the moments of a day, in order. It may leave out those that are
	// not after a moment.
	at func(d date, after time.Time, yield func(time.Time) bool)
}

// farthest is how many days ahead something may be due: the 29th of February
// that is a Monday comes every 28 years, or 40 around a turn of the century.
const farthest = 41 * 366

// Next gives the first moment after another at which something is due; false if
// there is none.
func (t *Table) Next(after time.Time) (next time.Time, ok bool) {
	today := dateOf(after.In(t.zone))
	// What begins on one day may go on into the next.
	for i := -1; i < farthest && !ok; i++ {
		d := today.plus(i)
		if !t.on(d) {
			continue
		}
		t.at(d, after, func(m time.Time) bool {
			if m.After(after) {
				next, ok = m.UTC(), true
			}
			return !ok
		})
	}
	return next, ok
}

// Between counts the moments after one and up to another at which something is
// due, up to a limit.
func (t *Table) Between(after, until time.Time, limit int) (n int) {
	for n < limit {
		next, ok := t.Next(after)
		if !ok || next.After(until) {
			return n
		}
		after = next
		n++
	}
	return n
}

// date is a day of the calendar.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

func (d date) noon() time.Time    { return time.Date(d.year, d.month, d.day, 12, 0, 0, 0, time.UTC) }
func (d date) plus(days int) date { return dateOf(d.noon().AddDate(0, 0, days)) }

func (d date) weekday() time.Weekday { return d.noon().Weekday() }

// last is the last day of the month.
func (d date) last() int { return time.Date(d.year, d.month+1, 0, 12, 0, 0, 0, time.UTC).Day() }

// A Clock is a time of day.
type Clock struct{ Hour, Minute, Second int }

// ClockOf is what clocks show at a moment, in the zone that it is written in.
func ClockOf(t time.Time) Clock { return Clock{t.Hour(), t.Minute(), t.Second()} }

// moments are when clocks show a time on a day: once, or twice where they are
// put back. Where they are put forward over it, it is the moment at which that
// happens, and skipped is true.
func moments(d date, c Clock, zone *time.Location) (all []time.Time, skipped bool) {
	t := time.Date(d.year, d.month, d.day, c.Hour, c.Minute, c.Second, 0, zone)
	start, end := t.ZoneBounds()
	shown := func(m time.Time) bool { return dateOf(m) == d && ClockOf(m) == c }
	if !shown(t) {
		wanted := time.Date(d.year, d.month, d.day, c.Hour, c.Minute, c.Second, 0, time.UTC)
		is := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		if is.Before(wanted) {
			return []time.Time{end}, true
		}
		return []time.Time{start}, true
	}
	all = []time.Time{t}
	_, offset := t.Zone()
	for _, other := range []time.Time{start.Add(-time.Second), end} {
		_, there := other.In(zone).Zone()
		if m := t.Add(time.Duration(offset-there) * time.Second); len(all) == 1 && !m.Equal(t) && shown(m) {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all, false
}

// once is the moment of a time of day that comes once a day.
func once(d date, c Clock, zone *time.Location) time.Time {
	all, _ := moments(d, c, zone)
	return all[0]
}

// Daily is due at a time of every day, or of some days of the week.
func Daily(c Clock, days []time.Weekday, zone *time.Location) *Table {
	return &Table{zone: zone, on: onDays(days), at: func(d date, _ time.Time, yield func(time.Time) bool) { yield(once(d, c, zone)) }}
}

func onDays(days []time.Weekday) func(date) bool {
	return func(d date) bool { return len(days) == 0 || slices.Contains(days, d.weekday()) }
}

// Every is due again and again from a time of day until another, which may be
// of the next day. The time between is time that passes, whatever clocks do.
func Every(step time.Duration, from, until Clock, days []time.Weekday, zone *time.Location) *Table {
	return &Table{zone: zone, on: onDays(days), at: func(d date, after time.Time, yield func(time.Time) bool) {
		begin, end := once(d, from, zone), once(d, until, zone)
		if end.Before(begin) {
			end = once(d.plus(1), until, zone)
		}
		m := begin
		if after.After(begin) {
			m = begin.Add(after.Sub(begin).Truncate(step))
		}
		for ; !m.After(end); m = m.Add(step) {
			if !yield(m) {
				return
			}
		}
	}}
}

// Monthly is due at a time of one day of every month that has it. day gives the
// day; 0 is none.
func Monthly(c Clock, day func(year int, month time.Month) int, zone *time.Location) *Table {
	return &Table{
		zone: zone, on: func(d date) bool { return day(d.year, d.month) == d.day },
		at: func(d date, _ time.Time, yield func(time.Time) bool) { yield(once(d, c, zone)) },
	}
}

// DayOfMonth is the day of a month by its number; 0 is the last.
func DayOfMonth(n int) func(year int, month time.Month) int {
	return func(year int, month time.Month) int {
		last := date{year, month, 1}.last()
		switch {
		case n == 0:
			return last
		case n > last:
			return 0
		}
		return n
	}
}

// NthWeekday is the nth such day of a month; 0 is the last.
func NthWeekday(n int, weekday time.Weekday) func(year int, month time.Month) int {
	return func(year int, month time.Month) int {
		first := 1 + (int(weekday)-int(date{year, month, 1}.weekday())+7)%7
		last := date{year, month, 1}.last()
		if n == 0 {
			return first + (last-first)/7*7
		}
		if day := first + 7*(n-1); day <= last {
			return day
		}
		return 0
	}
}

// Zone finds a time zone by its name in the IANA database, or by the name that
// Windows has for it.
func Zone(name string) (*time.Location, error) {
	if iana, ok := windows[strings.ToLower(strings.TrimSpace(name))]; ok {
		name = iana
	}
	zone, err := time.LoadLocation(strings.TrimSpace(name))
	if err != nil || strings.EqualFold(name, "local") {
		return nil, fault.New(fault.Invalid, "Timezone is %q, which is not a time zone such as \"Europe/Berlin\" or \"UTC\".", name)
	}
	return zone, nil
}

// Weekday finds a day of the week by its English name.
func Weekday(name string) (time.Weekday, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(day.String(), strings.TrimSpace(name)) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%q is not a day of the week", name)
}
