package dotnet

import (
	"math"
	"strings"
	"time"
)

// Moment is a date and time with what is known about its zone.
type Moment struct {
	Time time.Time
	Zone Zone
}

// Zone says what is known about the zone of a date.
type Zone uint8

// The zones: none, UTC, the local zone, and an explicit offset.
const (
	NoZone Zone = iota
	UTC
	LocalZone
	Offset
)

// Local turns a date that has a zone into local time, as reading it as a
// DateTime does.
func (m Moment) Local(location *time.Location) Moment {
	if m.Zone == NoZone {
		return Moment{Time: sameClock(m.Time, location), Zone: NoZone}
	}
	return Moment{Time: m.Time.In(location), Zone: LocalZone}
}

// WithOffset turns a date into one with an offset, the local one for a date
// without a zone.
func (m Moment) WithOffset(location *time.Location) Moment {
	if m.Zone == NoZone {
		m.Time = sameClock(m.Time, location)
	}
	return Moment{Time: m.Time, Zone: Offset}
}

// sameClock keeps what the clock shows and changes the place.
func sameClock(t time.Time, location *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), location)
}

// Add moves the date by a number of units, counted in ticks of 100 ns. It
// reports false when the result lies outside the years 1 to 9999.
func (m Moment) Add(count float64, unit time.Duration) (Moment, bool) {
	ticks := math.Trunc(count * float64(unit/100))
	if math.Abs(ticks) > 3.2e18 { // the ticks of ten thousand years
		return m, false
	}
	const day = 24 * int64(time.Hour/100)
	days, rest := int64(ticks)/day, int64(ticks)%day
	t := m.Time.AddDate(0, 0, int(days))
	if m.Zone != NoZone {
		// Days of a local zone differ in length; these do not.
		t = m.Time.Add(0).UTC().AddDate(0, 0, int(days)).In(m.Time.Location())
	}
	t = t.Add(time.Duration(rest * 100))
	m.Time = t
	return m, t.Year() >= 1 && t.Year() <= 9999
}

// ParseFloat reads a number with a sign and an exponent but without commas.
func ParseFloat(s string) (float64, bool) {
	if strings.Contains(s, ",") {
		return 0, false
	}
	return ParseDouble(s)
}
