package fault

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		200 * time.Millisecond:     "200ms",
		time.Second:                "1 second",
		time.Minute:                "1 minute",
		90 * time.Second:           "1 minute 30 seconds",
		2 * time.Hour:              "2 hours",
		25*time.Hour + time.Minute: "1 day 1 hour 1 minute",
		59974195346:                "1 minute",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v is %q and not %q", d, got, want)
		}
	}
}
