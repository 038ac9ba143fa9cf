package dotnet

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// ParseMoment reads a date, a time or both, in the many forms that .NET
// accepts under the invariant culture. now completes what the text leaves
// out: the day of a bare time, the year of a month and a day.
func ParseMoment(text string, now time.Time) (Moment, bool) {
	if len(text) > 100 {
		return Moment{}, false
	}
	p := &momentParser{rest: strings.TrimSpace(text)}
	if p.rest == "" || !p.scan() {
		return Moment{}, false
	}
	return p.moment(now)
}

// momentParser takes a date apart from left to right.
type momentParser struct {
	rest string

	numbers   []dateNumber // of the date, in order
	month     time.Month   // when it is named
	monthAt   int          // how many numbers came before it
	weekday   time.Weekday
	isWeekday bool

	hasTime      bool
	hour         int
	minute       int
	second       int
	nanosecond   int
	afternoon    string // "", "AM" or "PM"
	zone         Zone
	offset       int // seconds
	beforeNumber byte
}

// dateNumber is a number and the separator in front of it.
type dateNumber struct {
	value, digits int
	before        byte
}

func (p *momentParser) scan() bool {
	for p.rest != "" {
		c := p.rest[0]
		var ok bool
		switch {
		case isDigit(c):
			ok = p.scanNumber()
		case isLetter(c):
			ok = p.scanWord()
		case (c == '+' || c == '-') && p.hasTime:
			ok = p.scanOffset()
		case c == ' ' || c == ',' || c == '\t':
			p.rest, ok = p.rest[1:], true
		case (c == '/' || c == '-' || c == '.') && (len(p.numbers) > 0 || p.month > 0) && !p.hasTime:
			p.rest, p.beforeNumber = p.rest[1:], c
			ok = p.rest != ""
		}
		if !ok {
			return false
		}
	}
	return true
}

// take reads up to nine digits.
func (p *momentParser) take() (value, digits int) {
	n := min(digitRun(p.rest), 9)
	value, _ = strconv.Atoi(p.rest[:n])
	p.rest = p.rest[n:]
	return value, n
}

func (p *momentParser) scanNumber() bool {
	before := p.beforeNumber
	p.beforeNumber = 0
	value, digits := p.take()
	blank := strings.TrimLeft(p.rest, " ")
	switch {
	case strings.HasPrefix(p.rest, ":"):
		return p.scanTime(value, digits)
	case !p.hasTime && before == 0 && digits <= 2 && isDayHalf(blank):
		if p.hasTime || value > 12 || value == 0 {
			return false
		}
		p.hasTime, p.hour = true, value
		return true
	}
	p.numbers = append(p.numbers, dateNumber{value, digits, before})
	return len(p.numbers) <= 3 && digits <= 4 && digits != 3
}

// isDayHalf says whether AM or PM comes next.
func isDayHalf(s string) bool {
	word := s[:len(s)-len(strings.TrimLeftFunc(s, unicode.IsLetter))]
	return strings.EqualFold(word, "AM") || strings.EqualFold(word, "PM")
}

// scanTime reads :mm, :ss and the fraction behind the hour.
func (p *momentParser) scanTime(hour, digits int) bool {
	if p.hasTime || digits > 2 || hour > 23 {
		return false
	}
	p.hasTime, p.hour = true, hour
	for _, part := range []*int{&p.minute, &p.second} {
		after, ok := strings.CutPrefix(p.rest, ":")
		if !ok {
			return true
		}
		p.rest = after
		value, digits := p.take()
		if digits == 0 || digits > 2 || value > 59 {
			return false
		}
		*part = value
	}
	after, ok := strings.CutPrefix(p.rest, ".")
	if !ok {
		return true
	}
	n := digitRun(after)
	if n == 0 {
		return false
	}
	value, _ := strconv.Atoi((after[:n] + "0000000")[:7])
	p.nanosecond, p.rest = value*100, after[n:]
	return true
}

func (p *momentParser) scanWord() bool {
	n := 0
	for n < len(p.rest) && isLetter(p.rest[n]) {
		n++
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	switch upper := strings.ToUpper(word); upper {
	case "AM", "PM":
		ok := p.hasTime && p.afternoon == "" && p.hour <= 12
		p.afternoon = upper
		return ok
	case "T":
		return len(p.numbers) == 3 && !p.hasTime && p.rest != "" && isDigit(p.rest[0])
	case "Z", "GMT", "UTC":
		ok := p.hasTime && p.zone == NoZone
		p.zone = UTC
		return ok
	}
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(word, m.String()) || strings.EqualFold(word, m.String()[:3]) {
			ok := p.month == 0
			p.month, p.monthAt, p.beforeNumber = m, len(p.numbers), 0
			return ok
		}
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(word, d.String()) || strings.EqualFold(word, d.String()[:3]) {
			ok := !p.isWeekday
			p.weekday, p.isWeekday = d, true
			return ok
		}
	}
	return false
}

// scanOffset reads +hh, +hhmm or +hh:mm.
func (p *momentParser) scanOffset() bool {
	negative := p.rest[0] == '-'
	p.rest = p.rest[1:]
	hours, digits := p.take()
	minutes := 0
	switch {
	case p.zone != NoZone || digits == 0 || digits > 4 || digits == 3:
		return false
	case digits == 4:
		hours, minutes = hours/100, hours%100
	case strings.HasPrefix(p.rest, ":"):
		p.rest = p.rest[1:]
		if minutes, digits = p.take(); digits != 2 {
			return false
		}
	}
	p.zone, p.offset = Offset, hours*3600+minutes*60
	if negative {
		p.offset = -p.offset
	}
	return minutes < 60 && hours*60+minutes <= 14*60
}

// moment puts the parts together.
func (p *momentParser) moment(now time.Time) (Moment, bool) {
	year, month, day, ok := p.date(now)
	if !ok || year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return Moment{}, false
	}
	if p.afternoon != "" {
		if p.hour == 12 {
			p.hour = 0
		}
		if p.afternoon == "PM" {
			p.hour += 12
		}
	}
	location := time.UTC
	if p.zone == Offset {
		location = time.FixedZone("", p.offset)
	}
	t := time.Date(year, month, day, p.hour, p.minute, p.second, p.nanosecond, location)
	if t.Day() != day || p.isWeekday && t.Weekday() != p.weekday {
		return Moment{}, false
	}
	return Moment{Time: t, Zone: p.zone}, true
}

// date decides which number is what: the year first when it is long, else the
// month first.
func (p *momentParser) date(now time.Time) (year int, month time.Month, day int, ok bool) {
	n := p.numbers
	if p.month > 0 {
		return p.namedDate(now)
	}
	switch len(n) {
	case 0:
		return now.Year(), now.Month(), now.Day(), p.hasTime && !p.isWeekday
	case 2:
		switch {
		case n[1].before == 0 || n[1].before == '.':
		case n[0].digits == 4:
			return n[0].value, time.Month(n[1].value), 1, true
		case n[1].digits == 4:
			return n[1].value, time.Month(n[0].value), 1, true
		default:
			return now.Year(), time.Month(n[0].value), n[1].value, true
		}
	case 3:
		if n[0].digits == 4 {
			return n[0].value, time.Month(n[1].value), n[2].value, n[1].digits <= 2 && n[2].digits <= 2
		}
		return fullYear(n[2]), time.Month(n[0].value), n[1].value, n[1].digits <= 2
	}
	return 0, 0, 0, false
}

// namedDate reads a date whose month is a word.
func (p *momentParser) namedDate(now time.Time) (year int, month time.Month, day int, ok bool) {
	n := p.numbers
	switch {
	case len(n) == 1 && n[0].digits == 4:
		return n[0].value, p.month, 1, true
	case len(n) == 1:
		return now.Year(), p.month, n[0].value, true
	case len(n) == 2 && n[0].digits == 4:
		return n[0].value, p.month, n[1].value, n[1].digits <= 2
	case len(n) == 2:
		return fullYear(n[1]), p.month, n[0].value, true
	}
	return 0, 0, 0, false
}

// fullYear completes a year of two digits; the century turns after 49.
func fullYear(n dateNumber) int {
	switch {
	case n.digits > 2:
		return n.value
	case n.value < 50:
		return 2000 + n.value
	}
	return 1900 + n.value
}
