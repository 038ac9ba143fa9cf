// Package slo measures how instances serve, and reports of it by the month. What
// was measured is in each instance's status, so that it is there whichever operator
// runs, and goes where the instance's resource goes.
package slo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// hold is how long a request waits for an instance to wake: what takes no longer
// is no outage.
const hold = 30 * time.Second

// kept is how many months are kept.
const kept = 14

// monthForm is the form of months.
const monthForm = "2006-01"

// limits are those of the counts of awakenings.
var limits = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, hold}

// Note says which state an instance is in, and since when. It does nothing while
// that is as it was.
func Note(s *cloud.Service, state cloud.ServiceState, at time.Time) {
	if s.State == state {
		return
	}
	at = at.UTC().Truncate(time.Second) // what the status holds
	if s.State != "" {
		if at.Before(s.Since.Time) {
			at = s.Since.Time
		}
		account(s, at)
	}
	s.State, s.Since = state, metav1.NewTime(at)
}

// account adds the time until then to the months.
func account(s *cloud.Service, until time.Time) {
	state := s.State
	if state == cloud.ServiceWaking {
		state = cloud.ServiceUp
		if until.Sub(s.Since.Time) > hold {
			state = cloud.ServiceUnplanned
		}
	}
	if state == cloud.ServiceUnplanned && until.After(s.Since.Time) {
		month(s, s.Since.Time).Outages++
	}
	for from := s.Since.UTC(); from.Before(until); {
		next := time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		to := until
		if next.Before(to) {
			to = next
		}
		m, seconds := month(s, from), int64(to.Sub(from)/time.Second)
		switch state {
		case cloud.ServicePlanned:
			m.PlannedSeconds += seconds
		case cloud.ServiceUnplanned:
			m.UnplannedSeconds += seconds
		default:
			m.UpSeconds += seconds
		}
		from = to
	}
}

// month finds or makes a month; the oldest goes when there are too many.
func month(s *cloud.Service, at time.Time) *cloud.ServiceMonth {
	name := at.UTC().Format(monthForm)
	n, found := slices.BinarySearchFunc(s.Months, name, func(m cloud.ServiceMonth, name string) int { return cmp.Compare(m.Month, name) })
	if !found {
		s.Months = slices.Insert(s.Months, n, cloud.ServiceMonth{Month: name})
		if len(s.Months) > kept && n > 0 {
			s.Months = slices.Delete(s.Months, 0, 1)
			n--
		}
	}
	return &s.Months[n]
}

// Awakening is what the gateway writes on an instance that it has woken.
func Awakening(at time.Time, took time.Duration) string {
	return at.UTC().Format(time.RFC3339Nano) + " " + took.Round(time.Millisecond).String()
}

// Woke counts an awakening, once however often it is told.
func Woke(s *cloud.Service, text string) {
	if text == "" || text == s.Woke {
		return
	}
	s.Woke = text
	when, length, _ := strings.Cut(text, " ")
	at, err1 := time.Parse(time.RFC3339Nano, when)
	took, err2 := time.ParseDuration(length)
	if err1 != nil || err2 != nil {
		return // somebody else wrote it
	}
	m := month(s, at)
	if len(m.WakesWithin) != len(limits)+1 {
		m.WakesWithin = make([]int32, len(limits)+1)
	}
	n, _ := slices.BinarySearch(limits, took)
	m.WakesWithin[n]++
	m.SlowestWakeMillis = max(m.SlowestWakeMillis, took.Milliseconds())
}

// Report is how one instance served in one month.
type Report struct {
	Instance string `json:"instance"`
	Customer string `json:"customer"`
	Month    string `json:"month"`
	// Availability is the part of the time that it served, in per cent, planned
	// downtime aside; absent when there was no other time.
	Availability     *float64 `json:"availability,omitempty"`
	UpSeconds        int64    `json:"upSeconds"`
	PlannedSeconds   int64    `json:"plannedSeconds"`
	UnplannedSeconds int64    `json:"unplannedSeconds"`
	Outages          int32    `json:"outages"`
	Wakes            int32    `json:"wakes"`
	WakesWithin2s    int32    `json:"wakesWithin2s"`
	SlowestWake      string   `json:"slowestWake,omitempty"`
}

// Month reads the name of a month; this one when it is empty.
func Month(text string, now time.Time) (string, error) {
	if text == "" {
		return now.UTC().Format(monthForm), nil
	}
	if _, err := time.Parse(monthForm, text); err != nil {
		return "", fmt.Errorf("%q is no month: give one such as 2026-11", text)
	}
	return text, nil
}

// Monthly reports of an instance; ok is false when it was not there that month.
func Monthly(i *cloud.Instance, name string, now time.Time) (r Report, ok bool) {
	s := i.Status.Service.DeepCopy()
	if s == nil {
		return r, false
	}
	if s.State != "" && s.Since.Time.Before(now) {
		account(s, now)
	}
	n := slices.IndexFunc(s.Months, func(m cloud.ServiceMonth) bool { return m.Month == name })
	if n < 0 {
		return r, false
	}
	m := s.Months[n]
	r = Report{Instance: i.Name, Customer: i.Spec.Customer, Month: name, UpSeconds: m.UpSeconds, PlannedSeconds: m.PlannedSeconds,
		UnplannedSeconds: m.UnplannedSeconds, Outages: m.Outages}
	r.rate()
	for at, count := range m.WakesWithin {
		r.Wakes += count
		if at < 2 {
			r.WakesWithin2s += count
		}
	}
	if r.Wakes > 0 {
		r.SlowestWake = (time.Duration(m.SlowestWakeMillis) * time.Millisecond).String()
	}
	return r, true
}

func (r *Report) rate() {
	if all := r.UpSeconds + r.UnplannedSeconds; all > 0 {
		rate := 100 * float64(r.UpSeconds) / float64(all)
		r.Availability = &rate
	}
}

// Of reports of instances, the worst first, and of all together.
func Of(instances []cloud.Instance, name string, now time.Time) (each []Report, all Report) {
	each, all = []Report{}, Report{Instance: "all", Month: name}
	slowest := time.Duration(0)
	for n := range instances {
		r, ok := Monthly(&instances[n], name, now)
		if !ok {
			continue
		}
		each = append(each, r)
		all.UpSeconds += r.UpSeconds
		all.PlannedSeconds += r.PlannedSeconds
		all.UnplannedSeconds += r.UnplannedSeconds
		all.Outages += r.Outages
		all.Wakes += r.Wakes
		all.WakesWithin2s += r.WakesWithin2s
		if took, err := time.ParseDuration(r.SlowestWake); err == nil && took > slowest {
			slowest, all.SlowestWake = took, r.SlowestWake
		}
	}
	all.rate()
	slices.SortFunc(each, func(a, b Report) int {
		return cmp.Or(cmp.Compare(b.UnplannedSeconds, a.UnplannedSeconds), cmp.Compare(a.Instance, b.Instance))
	})
	return each, all
}

// Table writes reports for people.
func Table(each []Report, all Report) string {
	var t strings.Builder
	fmt.Fprintf(&t, "Service in %s, %d instances. Availability leaves planned downtime aside; who sleeps serves.\n\n", all.Month, len(each))
	t.WriteString("| instance | availability | unplanned | outages | planned | wakes | within 2 s | slowest |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range append(slices.Clone(each), all) {
		rate, within := "-", "-"
		if r.Availability != nil {
			rate = fmt.Sprintf("%.4f %%", *r.Availability)
		}
		if r.Wakes > 0 {
			within = fmt.Sprintf("%.1f %%", 100*float64(r.WakesWithin2s)/float64(r.Wakes))
		}
		length := func(seconds int64) string { return (time.Duration(seconds) * time.Second).String() }
		fmt.Fprintf(&t, "| %s | %s | %s | %d | %s | %d | %s | %s |\n", r.Instance, rate, length(r.UnplannedSeconds), r.Outages, length(r.PlannedSeconds), r.Wakes, within, cmp.Or(r.SlowestWake, "-"))
	}
	return t.String()
}
