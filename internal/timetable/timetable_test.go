package timetable

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// upcoming lists the next moments as clocks of the zone show them, with the
// offset where it matters.
func upcoming(t *testing.T, table *Table, z *time.Location, after string, n int) (all []string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", after, z)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		next, ok := table.Next(at)
		if !ok {
			return append(all, "never")
		}
		all = append(all, next.In(z).Format("Mon 2006-01-02 15:04:05 -0700"))
		at = next
	}
	return all
}

var weekend = []time.Weekday{time.Saturday, time.Sunday}

func TestTables(t *testing.T) {
	berlin, utc := zone(t, "Europe/Berlin"), time.UTC
	for name, c := range map[string]struct {
		table *Table
		zone  *time.Location
		after string
		want  []string
	}{
		"daily":                  {Daily(Clock{9, 0, 0}, nil, berlin), berlin, "2026-06-01 09:00:00", []string{"Tue 2026-06-02 09:00:00 +0200", "Wed 2026-06-03 09:00:00 +0200"}},
		"daily, still today":     {Daily(Clock{9, 0, 0}, nil, berlin), berlin, "2026-06-01 08:59:59", []string{"Mon 2026-06-01 09:00:00 +0200"}},
		"on weekends":            {Daily(Clock{9, 30, 0}, weekend, utc), utc, "2026-06-01 00:00:00", []string{"Sat 2026-06-06 09:30:00 +0000", "Sun 2026-06-07 09:30:00 +0000", "Sat 2026-06-13 09:30:00 +0000"}},
		"clocks go forward":      {Daily(Clock{2, 30, 0}, nil, berlin), berlin, "2026-03-28 03:00:00", []string{"Sun 2026-03-29 03:00:00 +0200", "Mon 2026-03-30 02:30:00 +0200"}},
		"clocks go back":         {Daily(Clock{2, 30, 0}, nil, berlin), berlin, "2026-10-24 03:00:00", []string{"Sun 2026-10-25 02:30:00 +0200", "Mon 2026-10-26 02:30:00 +0100"}},
		"hourly, forward":        {Every(time.Hour, Clock{1, 0, 0}, Clock{4, 0, 0}, nil, berlin), berlin, "2026-03-28 23:00:00", []string{"Sun 2026-03-29 01:00:00 +0100", "Sun 2026-03-29 03:00:00 +0200", "Sun 2026-03-29 04:00:00 +0200", "Mon 2026-03-30 01:00:00 +0200"}},
		"hourly, back":           {Every(time.Hour, Clock{1, 0, 0}, Clock{3, 0, 0}, nil, berlin), berlin, "2026-10-25 00:00:00", []string{"Sun 2026-10-25 01:00:00 +0200", "Sun 2026-10-25 02:00:00 +0200", "Sun 2026-10-25 02:00:00 +0100", "Sun 2026-10-25 03:00:00 +0100", "Mon 2026-10-26 01:00:00 +0100"}},
		"over midnight":          {Every(2*time.Hour, Clock{22, 0, 0}, Clock{1, 0, 0}, []time.Weekday{time.Friday}, utc), utc, "2026-06-05 23:00:00", []string{"Sat 2026-06-06 00:00:00 +0000", "Fri 2026-06-12 22:00:00 +0000"}},
		"every 20 minutes":       {Every(20*time.Minute, Clock{9, 0, 0}, Clock{9, 50, 0}, nil, utc), utc, "2026-06-05 09:20:00", []string{"Fri 2026-06-05 09:40:00 +0000", "Sat 2026-06-06 09:00:00 +0000"}},
		"the 31st":               {Monthly(Clock{12, 0, 0}, DayOfMonth(31), utc), utc, "2026-03-31 12:00:00", []string{"Sun 2026-05-31 12:00:00 +0000", "Fri 2026-07-31 12:00:00 +0000"}},
		"the last day":           {Monthly(Clock{12, 0, 0}, DayOfMonth(0), utc), utc, "2027-12-31 12:00:00", []string{"Mon 2028-01-31 12:00:00 +0000", "Tue 2028-02-29 12:00:00 +0000"}},
		"the second Tuesday":     {Monthly(Clock{12, 0, 0}, NthWeekday(2, time.Tuesday), utc), utc, "2026-09-01 00:00:00", []string{"Tue 2026-09-08 12:00:00 +0000", "Tue 2026-10-13 12:00:00 +0000"}},
		"the last Friday":        {Monthly(Clock{12, 0, 0}, NthWeekday(0, time.Friday), utc), utc, "2026-07-01 00:00:00", []string{"Fri 2026-07-31 12:00:00 +0000", "Fri 2026-08-28 12:00:00 +0000"}},
		"by the name of Windows": {Daily(Clock{9, 0, 0}, nil, zone(t, "AUS Eastern Standard Time")), zone(t, "Australia/Sydney"), "2026-10-03 12:00:00", []string{"Sun 2026-10-04 09:00:00 +1100"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, upcoming(t, c.table, c.zone, c.after, len(c.want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCron(t *testing.T) {
	for expression, c := range map[string]struct {
		zone, after string
		want        []string
	}{
		"0 0 6 * * *":            {"UTC", "2026-06-01 06:00:00", []string{"Tue 2026-06-02 06:00:00 +0000"}},
		"0 0 6 ? * Mon-Fri":      {"UTC", "2026-06-05 06:00:00", []string{"Mon 2026-06-08 06:00:00 +0000"}},
		"30 */20 8-9 * * 0":      {"UTC", "2026-06-07 09:20:30", []string{"Sun 2026-06-07 09:40:30 +0000", "Sun 2026-06-14 08:00:30 +0000"}},
		"0 0 0 * * 7":            {"UTC", "2026-06-05 00:00:00", []string{"Sun 2026-06-07 00:00:00 +0000"}},
		"0 0 0 * * fri-mon":      {"UTC", "2026-06-02 00:00:00", []string{"Fri 2026-06-05 00:00:00 +0000", "Sat 2026-06-06 00:00:00 +0000", "Sun 2026-06-07 00:00:00 +0000", "Mon 2026-06-08 00:00:00 +0000", "Fri 2026-06-12 00:00:00 +0000"}},
		"0 0 0 L * ?":            {"UTC", "2028-02-01 00:00:00", []string{"Tue 2028-02-29 00:00:00 +0000", "Fri 2028-03-31 00:00:00 +0000"}},
		"0 0 0 L-2 * ?":          {"UTC", "2026-02-01 00:00:00", []string{"Thu 2026-02-26 00:00:00 +0000"}},
		"0 0 0 15W * ?":          {"UTC", "2026-08-01 00:00:00", []string{"Fri 2026-08-14 00:00:00 +0000", "Tue 2026-09-15 00:00:00 +0000"}},
		"0 0 0 1W * ?":           {"UTC", "2026-07-31 00:00:00", []string{"Mon 2026-08-03 00:00:00 +0000"}},
		"0 0 0 LW * ?":           {"UTC", "2026-05-01 00:00:00", []string{"Fri 2026-05-29 00:00:00 +0000"}},
		"0 0 0 ? * 5L":           {"UTC", "2026-06-01 00:00:00", []string{"Fri 2026-06-26 00:00:00 +0000"}},
		"0 0 0 ? * TUE#2,FRI#1":  {"UTC", "2026-06-01 00:00:00", []string{"Fri 2026-06-05 00:00:00 +0000", "Tue 2026-06-09 00:00:00 +0000", "Fri 2026-07-03 00:00:00 +0000"}},
		"0 0 12 29 FEB MON":      {"UTC", "2026-01-01 00:00:00", []string{"Mon 2044-02-29 12:00:00 +0000"}},
		"0 0 12 1 1 ? 2028,2030": {"UTC", "2026-01-01 00:00:00", []string{"Sat 2028-01-01 12:00:00 +0000", "Tue 2030-01-01 12:00:00 +0000", "never"}},
		"0 0 12 13 * FRI":        {"UTC", "2026-03-14 00:00:00", []string{"Fri 2026-11-13 12:00:00 +0000"}},
		"0 30 2 * * *":           {"Europe/Berlin", "2026-03-28 12:00:00", []string{"Sun 2026-03-29 03:00:00 +0200", "Mon 2026-03-30 02:30:00 +0200"}},
		"0 10,30 2,5 * * *":      {"Europe/Berlin", "2026-03-28 12:00:00", []string{"Sun 2026-03-29 03:00:00 +0200", "Sun 2026-03-29 05:10:00 +0200"}},
		"1 30 2 * * *":           {"Europe/Berlin", "2026-10-24 12:00:00", []string{"Sun 2026-10-25 02:30:01 +0200", "Mon 2026-10-26 02:30:01 +0100"}},
		"0 30 * * * *":           {"Europe/Berlin", "2026-10-25 01:00:00", []string{"Sun 2026-10-25 01:30:00 +0200", "Sun 2026-10-25 02:30:00 +0200", "Sun 2026-10-25 02:30:00 +0100", "Sun 2026-10-25 03:30:00 +0100"}},
		"0 0/30 * * * *":         {"America/New_York", "2026-03-08 01:00:00", []string{"Sun 2026-03-08 01:30:00 -0500", "Sun 2026-03-08 03:00:00 -0400", "Sun 2026-03-08 03:30:00 -0400"}},
		"0 15,45 */1 * * *":      {"Australia/Lord_Howe", "2026-04-05 01:00:00", []string{"Sun 2026-04-05 01:15:00 +1100", "Sun 2026-04-05 01:45:00 +1100", "Sun 2026-04-05 01:45:00 +1030", "Sun 2026-04-05 02:15:00 +1030"}},
	} {
		t.Run(expression, func(t *testing.T) {
			z := zone(t, c.zone)
			table, err := Cron(expression, z)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, upcoming(t, table, z, c.after, len(c.want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCronMistakes(t *testing.T) {
	for expression, want := range map[string]string{
		"* * * * *":         "must have six fields",
		"60 0 0 * * *":      "'60' is no second: write numbers from 0 to 59",
		"0 0 0 * 13 *":      "'13' is no month",
		"0 0 0 * * MON#6":   "'MON#6' is no day of week",
		"0 0 0 32W * *":     "'32W' is no day of month",
		"0 5-1 0 * * *":     "'5-1' is no minute",
		"0 */0 0 * * *":     "'*/0' is no minute",
		"? 0 0 * * *":       "'?' is no second",
		"0 0 0 30 2 *":      "names no day that there is",
		"0 0 0 * * * never": "'NEVER' is no year",
	} {
		if _, err := Cron(expression, time.UTC); err == nil || fault.CodeOf(err) != fault.Invalid || !strings.Contains(complaints(err), want) {
			t.Errorf("%s: %v does not say %q", expression, err, want)
		}
	}
	if _, err := Zone("Middle/Earth"); err == nil || !strings.Contains(err.Error(), "not a time zone") {
		t.Error(err)
	}
}

func complaints(err error) string {
	f, _ := err.(*fault.Error)
	return strings.Join(append([]string{f.Message}, f.Details...), "\n")
}

func TestBetween(t *testing.T) {
	table := Daily(Clock{9, 0, 0}, nil, time.UTC)
	from := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	for days, want := range map[int]int{0: 0, 1: 1, 3: 3, 30: 10} {
		if got := table.Between(from, from.AddDate(0, 0, days), 10); got != want {
			t.Errorf("%d days: %d, want %d", days, got, want)
		}
	}
}

// FuzzCron reads anything; what it takes has moments that go forward.
func FuzzCron(f *testing.F) {
	for _, seed := range []string{"0 0 6 ? * Mon-Fri", "*/5 * * * * *", "0 0 0 LW * ?", "0 0 0 ? * 5#2 2030"} {
		f.Add(seed, int64(1_780_000_000))
	}
	berlin, err := Zone("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, expression string, at int64) {
		table, err := Cron(expression, berlin)
		if err != nil {
			return
		}
		after := time.Unix(at%4_000_000_000, 0)
		for range 3 {
			next, ok := table.Next(after)
			if !ok {
				return
			}
			if !next.After(after) {
				t.Fatalf("%s: %s is not after %s", expression, next, after)
			}
			after = next
		}
	})
}
