package deploy

import (
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
)

func TestFreezeTime(t *testing.T) {
	moment := func(s string) time.Time {
		at, err := kind.ParseTime(s)
		if err != nil {
			t.Fatal(err)
		}
		return at.Time
	}
	// Friday 16 October 2026, 18:00 until Monday, 06:00.
	start, end := "2026-10-16T18:00:00Z", "2026-10-19T06:00:00Z"
	weekly := &catalog.RecurringSchedule{Type: "Weekly", Unit: 1, DaysOfWeek: []string{"Friday"}, EndType: "Never"}
	for name, c := range map[string]struct {
		schedule *catalog.RecurringSchedule
		at       string
		want     bool
	}{
		"before":                  {nil, "2026-10-16T17:59:00Z", false},
		"at the start":            {nil, "2026-10-16T18:00:00Z", true},
		"at the end":              {nil, "2026-10-19T06:00:00Z", false},
		"next week":               {weekly, "2026-10-24T12:00:00Z", true},
		"next Thursday":           {weekly, "2026-10-22T12:00:00Z", false},
		"every other week":        {&catalog.RecurringSchedule{Type: "Weekly", Unit: 2, DaysOfWeek: []string{"Friday"}}, "2026-10-24T12:00:00Z", false},
		"the week after":          {&catalog.RecurringSchedule{Type: "Weekly", Unit: 2, DaysOfWeek: []string{"Friday"}}, "2026-10-31T12:00:00Z", true},
		"only twice, the second":  {&catalog.RecurringSchedule{Type: "Weekly", Unit: 1, DaysOfWeek: []string{"friday"}, EndType: "AfterOccurrences", EndAfterOccurrences: 2}, "2026-10-24T12:00:00Z", true},
		"only twice, the third":   {&catalog.RecurringSchedule{Type: "Weekly", Unit: 1, DaysOfWeek: []string{"friday"}, EndType: "AfterOccurrences", EndAfterOccurrences: 2}, "2026-10-31T12:00:00Z", false},
		"daily":                   {&catalog.RecurringSchedule{Type: "Daily", Unit: 10}, "2026-10-27T12:00:00Z", true},
		"the last day of a month": {&catalog.RecurringSchedule{Type: "Monthly", Unit: 1, DateOfMonth: "L"}, "2026-12-01T12:00:00Z", true},
		"the 31st of November":    {&catalog.RecurringSchedule{Type: "Monthly", Unit: 1, DateOfMonth: "31"}, "2026-12-01T12:00:00Z", false},
		"the second Friday":       {&catalog.RecurringSchedule{Type: "Monthly", Unit: 1, MonthlyScheduleType: "DayOfMonth", DayNumberOfMonth: "2", DayOfWeek: "Friday"}, "2026-11-14T12:00:00Z", true},
		"not the first Friday":    {&catalog.RecurringSchedule{Type: "Monthly", Unit: 1, MonthlyScheduleType: "DayOfMonth", DayNumberOfMonth: "2", DayOfWeek: "Friday"}, "2026-11-07T12:00:00Z", false},
		"a year later":            {&catalog.RecurringSchedule{Type: "Annually", Unit: 1}, "2027-10-17T00:00:00Z", true},
		"after the end of it all": {&catalog.RecurringSchedule{Type: "Annually", Unit: 1, EndType: "OnDate", EndOnDate: &kind.Time{Time: moment("2027-01-01")}}, "2027-10-17T00:00:00Z", false},
		"in a zone of its own":    {&catalog.RecurringSchedule{Type: "Weekly", Unit: 1, DaysOfWeek: []string{"Saturday"}, UserUTCOffsetInMinutes: 600}, "2026-10-24T12:00:00Z", true},
		"the Friday of its zone":  {&catalog.RecurringSchedule{Type: "Weekly", Unit: 1, DaysOfWeek: []string{"Friday"}, UserUTCOffsetInMinutes: 600}, "2026-10-24T20:00:00Z", true},
	} {
		f := &catalog.DeploymentFreeze{Start: kind.Time{Time: moment(start)}, End: kind.Time{Time: moment(end)}, RecurringSchedule: c.schedule}
		if _, _, got := FreezeTime(f, moment(c.at)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
