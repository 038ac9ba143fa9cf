package catalog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

var timeSpan = regexp.MustCompile(`^(-?)(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?$`)

// ParseTimeSpan reads a length of time as the wire has it: [d.]hh:mm:ss[.fff].
func ParseTimeSpan(text string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0, fmt.Errorf("%q is not a length of time such as 1.02:03:04", text)
	}
	n := func(digits string) time.Duration {
		v, _ := strconv.ParseInt("0"+digits, 10, 32)
		return time.Duration(v)
	}
	if n(m[3]) > 23 || n(m[4]) > 59 || n(m[5]) > 59 {
		return 0, fmt.Errorf("%q is not a length of time: hours end at 23, minutes and seconds at 59", text)
	}
	fraction := n((m[6] + "0000000")[:7]) * 100
	d := n(m[2])*24*time.Hour + n(m[3])*time.Hour + n(m[4])*time.Minute + n(m[5])*time.Second + fraction
	if m[1] == "-" {
		d = -d
	}
	return d, nil
}

// FormatTimeSpan is the inverse of ParseTimeSpan.
func FormatTimeSpan(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	days := ""
	if n := d / (24 * time.Hour); n > 0 {
		days = fmt.Sprintf("%d.", n)
	}
	text := fmt.Sprintf("%s%s%02d:%02d:%02d", sign, days, d/time.Hour%24, d/time.Minute%60, d/time.Second%60)
	if f := d % time.Second; f > 0 {
		text += fmt.Sprintf(".%07d", f/100)
	}
	return text
}

// span completes a length of time and complains when it is not one or is less
// than it may be.
func span(text *string, member, fallback string, least time.Duration, c *fault.Complaints) {
	if strings.TrimSpace(*text) == "" {
		*text = fallback
	}
	d, err := ParseTimeSpan(*text)
	switch {
	case err != nil:
		c.Add("%s: %s.", member, err)
	case d < least:
		c.Add("%s is %s; it must be at least %s.", member, *text, FormatTimeSpan(least))
	default:
		*text = FormatTimeSpan(d)
	}
}
