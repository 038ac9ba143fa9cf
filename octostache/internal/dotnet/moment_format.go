package dotnet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// standardMoments are the lettered formats of the invariant culture.
var standardMoments = map[byte]string{
	'd': "MM/dd/yyyy",
	'D': "dddd, dd MMMM yyyy",
	'f': "dddd, dd MMMM yyyy HH:mm",
	'F': "dddd, dd MMMM yyyy HH:mm:ss",
	'g': "MM/dd/yyyy HH:mm",
	'G': "MM/dd/yyyy HH:mm:ss",
	'm': "MMMM dd",
	'M': "MMMM dd",
	'o': "yyyy'-'MM'-'dd'T'HH':'mm':'ss.fffffffK",
	'O': "yyyy'-'MM'-'dd'T'HH':'mm':'ss.fffffffK",
	'r': "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
	'R': "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
	's': "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
	't': "HH:mm",
	'T': "HH:mm:ss",
	'u': "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
	'U': "dddd, dd MMMM yyyy HH:mm:ss",
	'y': "yyyy MMMM",
	'Y': "yyyy MMMM",
}

// Format writes the date by a standard or custom format string. It reports
// false for a format that dates do not have.
func (m Moment) Format(format string) (string, bool) {
	if len(format) > maxPrecision {
		return "", false
	}
	switch {
	case format == "" && m.Zone == Offset:
		format = "MM/dd/yyyy HH:mm:ss zzz"
	case format == "":
		format = standardMoments['G']
	case len(format) == 1:
		picture, ok := standardMoments[format[0]]
		if !ok || format == "U" && m.Zone == Offset {
			return "", false
		}
		if format == "U" || m.Zone == Offset && strings.Contains("rRu", format) {
			m.Time = m.Time.UTC()
		}
		format = picture
	}
	return m.picture(format)
}

// picture writes the date by a custom format.
func (m Moment) picture(format string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		switch c {
		case '\'', '"':
			text, size, ok := quotedPicture(format[i:])
			if !ok {
				return "", false
			}
			b.WriteString(text)
			n = size
		case '\\':
			if i+1 >= len(format) {
				return "", false
			}
			b.WriteByte(format[i+1])
			n = 2
		case '%':
			if i+1 >= len(format) || format[i+1] == '%' {
				return "", false
			}
			text, ok := m.specifier(format[i+1], 1)
			if !ok {
				b.WriteByte(format[i+1])
			}
			b.WriteString(text)
			n = 2
		default:
			for i+n < len(format) && format[i+n] == c {
				n++
			}
			text, ok := m.specifier(c, n)
			switch {
			case !ok && strings.IndexByte("fF", c) >= 0:
				return "", false // more than seven places
			case !ok:
				text = strings.Repeat(string(format[i:i+1]), n)
			case c == 'F' && text == "" && strings.HasSuffix(b.String(), "."):
				// Places that are all zero take the point with them.
				trimmed := strings.TrimSuffix(b.String(), ".")
				b.Reset()
				b.WriteString(trimmed)
			}
			b.WriteString(text)
		}
		i += n
	}
	return b.String(), true
}

// quotedPicture reads a quoted stretch and gives its size.
func quotedPicture(format string) (text string, size int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(format); i++ {
		switch format[i] {
		case format[0]:
			return b.String(), i + 1, true
		case '\\':
			i++
			if i >= len(format) {
				return "", 0, false
			}
		}
		b.WriteByte(format[i])
	}
	return "", 0, false
}

// specifier writes one run of a format letter; it reports false when the
// letter means nothing.
func (m Moment) specifier(c byte, n int) (string, bool) {
	t := m.Time
	switch c {
	case 'd':
		return dayText(t, n), true
	case 'M':
		return monthText(t, n), true
	case 'y':
		return yearText(t.Year(), n), true
	case 'h':
		return padded((t.Hour()+11)%12+1, min(n, 2)), true
	case 'H':
		return padded(t.Hour(), min(n, 2)), true
	case 'm':
		return padded(t.Minute(), min(n, 2)), true
	case 's':
		return padded(t.Second(), min(n, 2)), true
	case 't':
		return t.Format("PM")[:min(n, 2)], true
	case 'f', 'F':
		if n > 7 {
			return "", false
		}
		places := fmt.Sprintf("%07d", t.Nanosecond()/100)[:n]
		if c == 'F' {
			places = strings.TrimRight(places, "0")
		}
		return places, true
	case 'K':
		return strings.Repeat(m.zoneMark(), n), true
	case 'z':
		return m.offsetText(n), true
	case 'g':
		return "A.D.", true
	}
	return "", false
}

func dayText(t time.Time, n int) string {
	switch {
	case n <= 2:
		return padded(t.Day(), n)
	case n == 3:
		return t.Weekday().String()[:3]
	}
	return t.Weekday().String()
}

func monthText(t time.Time, n int) string {
	switch {
	case n <= 2:
		return padded(int(t.Month()), n)
	case n == 3:
		return t.Month().String()[:3]
	}
	return t.Month().String()
}

func yearText(year, n int) string {
	if n <= 2 {
		return padded(year%100, n)
	}
	return padded(year, n)
}

func padded(value, width int) string {
	text := strconv.Itoa(value)
	return strings.Repeat("0", max(0, width-len(text))) + text
}

// zoneMark is what K stands for.
func (m Moment) zoneMark() string {
	switch m.Zone {
	case NoZone:
		return ""
	case UTC:
		return "Z"
	}
	return m.offsetText(3)
}

// offsetText writes the distance from UTC as +h, +hh or +hh:mm.
func (m Moment) offsetText(n int) string {
	_, seconds := m.Time.Zone()
	mark := "+"
	if seconds < 0 {
		mark, seconds = "-", -seconds
	}
	hours := padded(seconds/3600, min(n, 2))
	if n < 3 {
		return mark + hours
	}
	return mark + hours + ":" + padded(seconds/60%60, 2)
}
