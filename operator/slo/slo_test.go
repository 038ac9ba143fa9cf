package slo

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestMonths(t *testing.T) {
	type step struct {
		state cloud.ServiceState
		at    string
	}
	up, asleep, waking, planned, unplanned := cloud.ServiceUp, cloud.ServiceAsleep, cloud.ServiceWaking, cloud.ServicePlanned, cloud.ServiceUnplanned
	for _, test := range []struct {
		name  string
		steps []step
		now   string
		want  []cloud.ServiceMonth
	}{
		{"what goes on counts", []step{{up, "2026-11-27 12:00:00"}}, "2026-11-27 13:00:00", []cloud.ServiceMonth{{Month: "2026-11", UpSeconds: 3600}}},
		{"to say it again changes nothing", []step{{up, "2026-11-27 12:00:00"}, {up, "2026-11-27 12:30:00"}}, "2026-11-27 13:00:00", []cloud.ServiceMonth{{Month: "2026-11", UpSeconds: 3600}}},
		{"an outage", []step{{up, "2026-11-27 12:00:00"}, {unplanned, "2026-11-27 12:10:00"}, {up, "2026-11-27 12:11:30"}}, "2026-11-27 12:20:00",
			[]cloud.ServiceMonth{{Month: "2026-11", UpSeconds: 1110, UnplannedSeconds: 90, Outages: 1}}},
		{"planned downtime", []step{{up, "2026-11-27 12:00:00"}, {planned, "2026-11-27 12:10:00"}, {up, "2026-11-27 12:10:20"}}, "2026-11-27 12:20:00",
			[]cloud.ServiceMonth{{Month: "2026-11", UpSeconds: 1180, PlannedSeconds: 20}}},
		{"who sleeps serves, and may take a while to wake", []step{{asleep, "2026-11-27 12:00:00"}, {waking, "2026-11-27 12:10:00"}, {up, "2026-11-27 12:10:30"}}, "2026-11-27 12:20:00",
			[]cloud.ServiceMonth{{Month: "2026-11", UpSeconds: 1200}}},
		{"but not longer than requests wait", []step{{asleep, "2026-11-27 12:00:00"}, {waking, "2026-11-27 12:10:00"}, {up, "2026-11-27 12:10:31"}}, "2026-11-27 12:20:00",
			[]cloud.ServiceMonth{{Month: "2026-11", UpSeconds: 1169, UnplannedSeconds: 31, Outages: 1}}},
		{"over the end of the year", []step{{unplanned, "2026-12-31 23:59:00"}}, "2027-01-01 00:02:00",
			[]cloud.ServiceMonth{{Month: "2026-12", UnplannedSeconds: 60, Outages: 1}, {Month: "2027-01", UnplannedSeconds: 120}}},
		{"told late, of a time before the last", []step{{up, "2026-11-27 12:00:00"}, {unplanned, "2026-11-27 11:59:00"}}, "2026-11-27 12:01:00",
			[]cloud.ServiceMonth{{Month: "2026-11", UnplannedSeconds: 60, Outages: 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s cloud.Service
			for _, step := range test.steps {
				Note(&s, step.state, at(step.at))
			}
			account(&s, at(test.now))
			if d := cmp.Diff(test.want, s.Months); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOldMonthsGo(t *testing.T) {
	var s cloud.Service
	Note(&s, cloud.ServiceUp, at("2024-01-15 00:00:00"))
	account(&s, at("2026-11-15 00:00:00"))
	if len(s.Months) != kept || s.Months[0].Month != "2025-10" || s.Months[kept-1].UpSeconds != 14*24*3600 {
		t.Errorf("%+v", s.Months)
	}
}

func TestAwakenings(t *testing.T) {
	i := &cloud.Instance{}
	i.Status.Service = &cloud.Service{}
	s := i.Status.Service
	Note(s, cloud.ServiceAsleep, at("2026-11-01 00:00:00"))
	for n, took := range []time.Duration{900 * time.Millisecond, 2 * time.Second, 2001 * time.Millisecond, 31 * time.Second} {
		text := Awakening(at("2026-11-27 12:00:00").Add(time.Duration(n)*time.Minute), took)
		Woke(s, text)
		Woke(s, text) // by whoever looks at the same annotation again
	}
	Woke(s, "")
	Woke(s, "by hand")
	r, ok := Monthly(i, "2026-11", at("2026-11-28 00:00:00"))
	if !ok || r.Wakes != 4 || r.WakesWithin2s != 2 || r.SlowestWake != "31s" {
		t.Errorf("%+v", r)
	}
}

func TestReport(t *testing.T) {
	now := at("2026-11-27 12:00:00")
	with := func(name string, steps map[cloud.ServiceState]string, order ...cloud.ServiceState) cloud.Instance {
		i := cloud.Instance{}
		i.Name, i.Spec.Customer = name, "Acme"
		for _, state := range order {
			if i.Status.Service == nil {
				i.Status.Service = &cloud.Service{}
			}
			Note(i.Status.Service, state, at(steps[state]))
		}
		return i
	}
	day := with("day", map[cloud.ServiceState]string{cloud.ServiceUp: "2026-11-26 12:00:00", cloud.ServiceUnplanned: "2026-11-27 11:57:36"}, cloud.ServiceUp, cloud.ServiceUnplanned)
	made := with("made", map[cloud.ServiceState]string{cloud.ServicePlanned: "2026-11-27 11:00:00"}, cloud.ServicePlanned)
	later := with("later", nil)
	each, all := Of([]cloud.Instance{made, later, day}, "2026-11", now)
	if len(each) != 2 || each[0].Instance != "day" || each[1].Instance != "made" {
		t.Errorf("%+v", each)
	}
	if each[1].Availability != nil {
		t.Error("an instance that was only being made has an availability")
	}
	if all.UnplannedSeconds != 144 || all.PlannedSeconds != 3600 || all.Outages != 1 {
		t.Errorf("%+v", all)
	}
	table := Table(each, all)
	for _, part := range []string{"2 instances", "| day | 99.8333 % | 2m24s | 1 | 0s | 0 | - | - |", "| made | - | 0s | 0 | 1h0m0s |", "| all | 99.8333 % |"} {
		if !strings.Contains(table, part) {
			t.Errorf("%q is not in\n%s", part, table)
		}
	}
	if _, ok := Monthly(&day, "2026-10", now); ok {
		t.Error("it reports of a month before it was there")
	}
}

func TestMonthNames(t *testing.T) {
	now := at("2026-11-27 12:00:00")
	for text, want := range map[string]string{"": "2026-11", "2026-01": "2026-01", "2026-13": "", "November": "", "2026-1": ""} {
		got, err := Month(text, now)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
