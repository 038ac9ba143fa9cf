package catalog

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/timetable"
)

// A TriggerState is what the server knows of a trigger beside what people say
// of it: when it is due, and what came of it last. Whoever lets a trigger fire
// writes it in the same unit, so that each occasion is taken once.
type TriggerState struct {
	kind.Base
	TriggerID string `json:"TriggerId" kind:"filter"`
	// Waits is what the trigger waits for: one of the words below.
	Waits string `json:"Waits" kind:"filter"`
	// Due is when it is to be looked at next, so written that later is greater;
	// "" is never.
	Due string `json:"Due" kind:"filter"`
	// Cursor is the last event of the audit trail that has been looked at.
	Cursor int64 `json:"Cursor"`
	// Seen are the versions of packages, or the commits, that have been looked at.
	Seen map[string]string `json:"Seen"`

	LastDue    *kind.Time `json:"LastDue"`
	LastFired  *kind.Time `json:"LastFired"`
	LastResult string     `json:"LastResult"`
	LastTasks  []string   `json:"LastTasks"`
}

// What triggers wait for.
const (
	WaitsForTime     = "Time"
	WaitsForMachine  = "Machine"
	WaitsForPush     = "Push" // to the space's own feed
	WaitsForFeed     = "Feed" // another one
	WaitsForGit      = "Git"
	WaitsForCall     = "Webhook"
	WaitsForNothing  = "Nothing"
	dueForm          = "2006-01-02T15:04:05.000Z"
	triggerStateFrom = "triggerstate-"
)

// TriggerStates holds the states of all triggers.
var TriggerStates = kind.Register(kind.Kind[TriggerState]{
	Plural:   "TriggerStates",
	Singular: "Trigger state",
	Title:    "TriggerId",
	Hidden:   true,
	Silent:   true,
	Repeats:  true,
})

// TriggerStateID is the id of a trigger's state.
func TriggerStateID(trigger string) string { return triggerStateFrom + trigger }

// SetDue says when the trigger is to be looked at next; the zero time is never.
func (s *TriggerState) SetDue(at time.Time) {
	s.Due = ""
	if !at.IsZero() {
		s.Due = DueText(at)
	}
}

// DueAt is when the trigger is to be looked at next; zero is never.
func (s *TriggerState) DueAt() time.Time {
	at, err := time.Parse(dueForm, s.Due)
	if err != nil {
		return time.Time{}
	}
	return at
}

// DueText writes a moment so that later ones are greater.
func DueText(at time.Time) string { return at.UTC().Format(dueForm) }

// waits says what a trigger waits for.
func (t *ProjectTrigger) waits() string {
	switch {
	case t.IsDisabled:
		return WaitsForNothing
	case t.Scheduled():
		return WaitsForTime
	}
	switch t.Filter.FilterType {
	case FilterMachine:
		return WaitsForMachine
	case FilterBuiltInFeed:
		return WaitsForPush
	case FilterFeed:
		return WaitsForFeed
	case FilterGit:
		return WaitsForGit
	case FilterWebhook:
		return WaitsForCall
	}
	return WaitsForNothing
}

// Arm makes the state of a trigger that is new or was changed. What happened
// before counts no more.
func (t *ProjectTrigger) Arm(tx *store.Tx, now time.Time) error {
	s, err := TriggerStates.Get(tx, TriggerStateID(t.ID))
	if fault.Is(err, fault.NotFound) {
		s, err = &TriggerState{TriggerID: t.ID}, nil
		s.ID, s.SpaceID = TriggerStateID(t.ID), t.SpaceID
	}
	if err != nil {
		return err
	}
	s.Waits, s.Seen = t.waits(), nil
	s.SetDue(time.Time{})
	if _, err := tx.QueryRow([]any{&s.Cursor}, "select coalesce(max(id), 0) from event"); err != nil {
		return err
	}
	switch s.Waits {
	case WaitsForTime:
		table, err := t.Filter.Table()
		if err != nil {
			return err
		}
		if next, ok := table.Next(now); ok {
			s.SetDue(next)
		}
	case WaitsForPush, WaitsForFeed, WaitsForGit:
		s.SetDue(now) // to see what is there already
	}
	return TriggerStates.Put(tx, s)
}

func disarm(tx *store.Tx, t *ProjectTrigger) error {
	s, err := TriggerStates.Get(tx, TriggerStateID(t.ID))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return TriggerStates.Remove(tx, s)
}

// Table is when a schedule is due.
func (f *TriggerFilter) Table() (*timetable.Table, error) {
	zone, err := timetable.Zone(f.Timezone)
	if err != nil {
		return nil, err
	}
	switch f.FilterType {
	case FilterCron:
		return timetable.Cron(f.CronExpression, zone)
	case FilterDaysPerMonth:
		day, err := f.dayOfMonth()
		return timetable.Monthly(clockOf(f.StartTime, timetable.Clock{}), day, zone), err
	}
	var days []time.Weekday
	for _, name := range f.DaysOfWeek {
		day, err := timetable.Weekday(name)
		if err != nil {
			return nil, err
		}
		days = append(days, day)
	}
	if step := f.step(); step > 0 {
		return timetable.Every(step, clockOf(f.RunAfter, timetable.Clock{}), clockOf(f.RunUntil, timetable.Clock{Hour: 23, Minute: 59, Second: 59}), days, zone), nil
	}
	return timetable.Daily(clockOf(f.StartTime, clockOf(f.RunAfter, timetable.Clock{})), days, zone), nil
}

// step is the time between two occasions of a day; 0 is one a day.
func (f *TriggerFilter) step() time.Duration {
	often := func(n *int, each time.Duration) time.Duration {
		if n == nil {
			return each
		}
		return time.Duration(*n) * each
	}
	switch f.Interval {
	case "OnceHourly":
		return often(f.HourInterval, time.Hour)
	case "OnceEveryMinute":
		return often(f.MinuteInterval, time.Minute)
	}
	return 0
}

// dayOfMonth says which day of a month a schedule means.
func (f *TriggerFilter) dayOfMonth() (func(int, time.Month) int, error) {
	text, member, top := f.DateOfMonth, "DateOfMonth", 31
	if f.MonthlyScheduleType == "DayOfMonth" {
		text, member, top = f.DayNumberOfMonth, "DayNumberOfMonth", 5
	}
	n, err := numberOrLast(text, top)
	if err != nil {
		return nil, fault.New(fault.Invalid, "Filter.%s is %q, which is neither a number from 1 to %d nor \"L\", the last.", member, text, top)
	}
	if f.MonthlyScheduleType != "DayOfMonth" {
		return timetable.DayOfMonth(n), nil
	}
	day, err := timetable.Weekday(f.DayOfWeek)
	if err != nil {
		return nil, fault.New(fault.Invalid, "Filter.DayOfWeek is %q, which is not a day of the week.", f.DayOfWeek)
	}
	return timetable.NthWeekday(n, day), nil
}

// clockOf is the time of day that a moment was written with.
func clockOf(t *kind.Time, otherwise timetable.Clock) timetable.Clock {
	if t == nil || t.IsZero() {
		return otherwise
	}
	return timetable.ClockOf(t.Time)
}

// checkSchedule complains of schedules that are never due.
func (f *TriggerFilter) checkSchedule(c *fault.Complaints) {
	for member, n := range map[string]*int{"HourInterval": f.HourInterval, "MinuteInterval": f.MinuteInterval} {
		if n != nil && *n < 1 {
			c.Add("Filter.%s is %d; it must be at least 1.", member, *n)
			return
		}
	}
	if _, err := f.Table(); err != nil {
		sentences := []string{err.Error()}
		var f *fault.Error
		if errors.As(err, &f) && len(f.Details) > 0 {
			sentences = f.Details
		}
		for _, sentence := range sentences {
			if !strings.HasPrefix(sentence, "Filter.") {
				sentence = "Filter." + sentence
			}
			c.Add("%s", sentence)
		}
	}
}

// numberOrLast reads a number from 1, or 0 for "L".
func numberOrLast(text string, top int) (int, error) {
	if strings.EqualFold(strings.TrimSpace(text), "L") {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err == nil && (n < 1 || n > top) {
		err = strconv.ErrRange
	}
	return n, err
}
