package kind

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is a point in time as the wire has it: ISO 8601 with milliseconds and
// offset.
type Time struct{ time.Time }

// Now is the present in UTC, to the millisecond.
func Now() Time { return Time{time.Now().UTC().Truncate(time.Millisecond)} }

// NowPointer is Now for optional members.
func NowPointer() *Time { t := Now(); return &t }

const timeForm = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON writes the wire's form; the zero time is null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.Format("2006-01-02T15:04:05.000-07:00") + `"`), nil
}

var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"}

// ParseTime reads the forms of ISO 8601 that clients send; one without an
// offset is taken as UTC.
func ParseTime(s string) (Time, error) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			return Time{t}, nil
		}
	}
	return Time{}, fmt.Errorf("%q is not a date and time such as %s", s, time.Date(2026, 11, 25, 3, 17, 9, 0, time.UTC).Format(timeForm))
}

// UnmarshalJSON reads what ParseTime reads; null and "" are the zero time.
func (t *Time) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("reading a time: %w", err)
	}
	if s == nil || *s == "" {
		*t = Time{}
		return nil
	}
	parsed, err := ParseTime(*s)
	*t = parsed
	return err
}
