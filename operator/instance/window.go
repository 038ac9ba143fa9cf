package instance

import (
	"slices"
	"time"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// open says whether a maintenance window is open, and else when it opens next.
// An instance without one can be changed at any time.
func open(w *cloud.Window, now time.Time) (bool, time.Time) {
	if w == nil {
		return true, now
	}
	now = now.UTC()
	clock, err := time.Parse("15:04", w.Start)
	if err != nil {
		return false, now.Add(time.Hour) // the schema lets nothing else through
	}
	// From yesterday, since a window may go on over midnight, to the same day of
	// the next week.
	for day := -1; day <= 8; day++ {
		start := time.Date(now.Year(), now.Month(), now.Day()+day, clock.Hour(), clock.Minute(), 0, 0, time.UTC)
		if !on(w.Days, start.Weekday()) || !start.Add(time.Duration(w.Hours)*time.Hour).After(now) {
			continue
		}
		return !start.After(now), start
	}
	return false, now.Add(time.Hour)
}

func on(days []string, day time.Weekday) bool {
	return len(days) == 0 || slices.Contains(days, day.String()[:3])
}
