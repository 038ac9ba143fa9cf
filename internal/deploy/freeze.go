package deploy

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

// FreezesAt lists the freezes that keep a project from being deployed to an
// environment, for a tenant or for none, at a time.
func FreezesAt(tx *store.Tx, project, environment, tenant string, at time.Time) ([]*catalog.DeploymentFreeze, error) {
	all, err := catalog.DeploymentFreezes.PeekAll(tx, kind.Query{AnySpace: true})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(f *catalog.DeploymentFreeze) bool {
		if !freezes(f, project, environment, tenant) {
			return true
		}
		_, _, active := FreezeTime(f, at)
		return !active
	}), nil
}

// freezes says whether a freeze is about a place.
func freezes(f *catalog.DeploymentFreeze, project, environment, tenant string) bool {
	if slices.Contains(f.ProjectEnvironmentScope[project], environment) {
		return true
	}
	return slices.ContainsFunc(f.TenantProjectEnvironmentScope, func(s catalog.FrozenTenant) bool {
		return tenant != "" && s.TenantID == tenant && s.ProjectID == project && s.EnvironmentID == environment
	})
}

// maxOccurrences bounds how far the beginnings of a freeze are counted: a
// century of days.
const maxOccurrences = 36600

// FreezeTime gives the time of a freeze, of those that recur, that is under
// way at a time.
func FreezeTime(f *catalog.DeploymentFreeze, at time.Time) (start, end time.Time, active bool) {
	lasts := f.End.Sub(f.Start.Time)
	within := func(s time.Time) bool { return !at.Before(s) && at.Before(s.Add(lasts)) }
	r := f.RecurringSchedule
	if r == nil {
		return f.Start.Time, f.End.Time, within(f.Start.Time)
	}
	zone := time.FixedZone("", r.UserUTCOffsetInMinutes*60)
	n := 0
	for s := range occurrences(r, f.Start.In(zone)) {
		n++
		switch {
		case s.After(at), n > maxOccurrences, r.EndType == "AfterOccurrences" && n > r.EndAfterOccurrences,
			r.EndType == "OnDate" && r.EndOnDate != nil && s.After(r.EndOnDate.Time):
			return time.Time{}, time.Time{}, false
		case within(s):
			return s, s.Add(lasts), true
		}
	}
	return time.Time{}, time.Time{}, false
}

// occurrences goes through the beginnings of what recurs, in order.
func occurrences(r *catalog.RecurringSchedule, first time.Time) func(func(time.Time) bool) {
	every := max(r.Unit, 1)
	return func(yield func(time.Time) bool) {
		for k := 0; k <= maxOccurrences; k++ {
			var starts []time.Time
			switch r.Type {
			case "Daily":
				starts = []time.Time{first.AddDate(0, 0, k*every)}
			case "Weekly":
				starts = weekdays(r.DaysOfWeek, first, k*every)
			case "Annually":
				starts = []time.Time{first.AddDate(k*every, 0, 0)}
			default:
				starts = inMonth(r, first, k*every)
			}
			for _, s := range starts {
				if !s.Before(first) && !yield(s) {
					return
				}
			}
		}
	}
}

// weekdays are the named days of the week that is some weeks after the first.
func weekdays(names []string, first time.Time, weeks int) []time.Time {
	monday := first.AddDate(0, 0, -(int(first.Weekday())+6)%7+7*weeks)
	var starts []time.Time
	for i := range 7 {
		day := monday.AddDate(0, 0, i)
		if rule.ContainsFold(names, day.Weekday().String()) {
			starts = append(starts, day)
		}
	}
	return starts
}

// inMonth is the day of the month that is some months after the first; a month
// without such a day has none.
func inMonth(r *catalog.RecurringSchedule, first time.Time, months int) []time.Time {
	begin := time.Date(first.Year(), first.Month()+time.Month(months), 1, first.Hour(), first.Minute(), first.Second(), first.Nanosecond(), first.Location())
	last := begin.AddDate(0, 1, -1).Day()
	day := first.Day()
	switch {
	case strings.EqualFold(r.MonthlyScheduleType, "DayOfMonth"):
		day = nthWeekday(begin, last, r.DayOfWeek, r.DayNumberOfMonth)
	case strings.EqualFold(r.DateOfMonth, "L"):
		day = last
	case r.DateOfMonth != "":
		if n, err := strconv.Atoi(r.DateOfMonth); err == nil {
			day = n
		}
	}
	if day < 1 || day > last {
		return nil
	}
	return []time.Time{begin.AddDate(0, 0, day-1)}
}

// nthWeekday is the n-th such day of a month, or the last for "L"; 0 if there
// is none.
func nthWeekday(begin time.Time, last int, weekday, which string) int {
	var days []int
	for d := 1; d <= last; d++ {
		if strings.EqualFold(begin.AddDate(0, 0, d-1).Weekday().String(), weekday) {
			days = append(days, d)
		}
	}
	n, err := strconv.Atoi(which)
	switch {
	case len(days) == 0:
		return 0
	case strings.EqualFold(which, "L"):
		return days[len(days)-1]
	case err != nil || n < 1 || n > len(days):
		return 0
	}
	return days[n-1]
}

// FreezeInForce is a freeze that holds at a time, and until when.
type FreezeInForce struct {
	Item
	Description string    `json:"Description"`
	Until       kind.Time `json:"Until"`
}

// freezesOf lists the freezes that hold for a place at a time, to be told of.
func freezesOf(tx *store.Tx, project string, p pair, at time.Time) ([]FreezeInForce, error) {
	frozen, err := FreezesAt(tx, project, p.environment.ID, p.tenantID(), at)
	told := make([]FreezeInForce, 0, len(frozen))
	for _, f := range frozen {
		_, until, _ := FreezeTime(f, at)
		told = append(told, FreezeInForce{Item{f.ID, f.Name}, f.Description, kind.Time{Time: until}})
	}
	return told, err
}

// startOf is when what is queued for a time begins: that time, or now if it has
// passed.
func (s *Service) startOf(queued *kind.Time) time.Time {
	if now := s.now(); queued == nil || queued.Before(now) {
		return now
	}
	return queued.Time
}

// thaw refuses a deployment that a freeze keeps back, unless somebody has
// decided, with a reason, to make it nonetheless.
func thaw(tx *store.Tx, o *order, p pair, in *DeployOptions, now time.Time) error {
	at := now
	if in.QueueTime.After(now) {
		at = in.QueueTime
	}
	frozen, err := FreezesAt(tx, o.project.ID, p.environment.ID, p.tenantID(), at)
	if err != nil {
		return err
	}
	var wrong fault.Complaints
	for _, f := range frozen {
		named := rule.ContainsFold(in.Freezes, f.ID) || rule.ContainsFold(in.Freezes, f.Name)
		switch {
		case !named:
			_, until, _ := FreezeTime(f, at)
			wrong.Add("Deployment freeze '%s' keeps project '%s' from being deployed to '%s' until %s.", f.Name, o.project.Name, p.environment.Name, until.UTC().Format("2006-01-02 15:04 UTC"))
		case strings.TrimSpace(in.FreezeReason) == "":
			wrong.Add("DeploymentFreezeOverrideReason must not be empty when a deployment is made in spite of freeze '%s'.", f.Name)
		}
	}
	return wrong.Err()
}
