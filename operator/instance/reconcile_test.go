package instance

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

func TestProvision(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	i := s.want("acme", cloud.Ready, "It serves acme.example.com.")
	if i.Status.Prefix != "acme-12345678" || !i.Status.Begun || i.Status.Image != "tako:1" {
		t.Errorf("%+v", i.Status)
	}
	want := []string{"*v1.Namespace /tako-acme", "*v1.Secret tako-acme/tako-administrator", "*v1.Secret tako-acme/tako-bucket", "*v1.Secret tako-acme/tako-master-key",
		"*v1.ServiceAccount tako-acme/tako", "*v1.ResourceQuota tako-acme/tako", "*v1.LimitRange tako-acme/tako",
		"*v1.NetworkPolicy tako-acme/closed", "*v1.NetworkPolicy tako-acme/tako", "*v1.StatefulSet tako-acme/tako", "*v1.Pod tako-acme/tako-0"}
	if d := cmp.Diff(want, s.objects()); d != "" {
		t.Error(d)
	}
	var ns corev1.Namespace
	s.check(s.c.Get(t.Context(), types.NamespacedName{Name: "tako-acme"}, &ns))
	if ns.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Errorf("%v", ns.Labels)
	}
}

// TestKilledAnywhere ends the operator after each of the calls by which it
// changes something, during the making, an upgrade and the removal, and wants
// the same in the end as if nothing had happened.
func TestKilledAnywhere(t *testing.T) {
	story := func(s *stage) {
		do := func() {
			s.settle("acme")
			if s.budget == 0 {
				s.budget = -1
				s.begin()
				s.settle("acme")
			}
		}
		do()
		s.want("acme", cloud.Ready, "serves")
		key := secretOf(s, keySecret)
		s.change("acme", func(i *cloud.Instance) { i.Spec.Image = "tako:2" })
		do()
		s.now = s.now.Add(time.Minute)
		do()
		i := s.want("acme", cloud.Ready, "serves")
		if i.Status.Image != "tako:2" || s.pod("acme").Spec.Containers[0].Image != "tako:2" {
			s.t.Errorf("runs %s", i.Status.Image)
		}
		s.now = s.now.Add(time.Hour)
		do()
		s.want("acme", cloud.Hibernated, "Nobody used it")
		s.change("acme", func(i *cloud.Instance) {
			i.Annotations = map[string]string{cloud.AnnotationWake: s.now.Add(time.Second).Format(time.RFC3339Nano)}
		})
		do()
		s.want("acme", cloud.Ready, "serves")
		if secretOf(s, keySecret) != key {
			s.t.Error("the master key changed")
		}
		s.check(s.c.Delete(s.t.Context(), s.get("acme")))
		do()
		s.want("acme", cloud.Deleting, "kept until")
		s.now = s.now.Add(2 * time.Hour)
		do()
		if err := s.c.Get(s.t.Context(), types.NamespacedName{Name: "acme"}, &cloud.Instance{}); !apierrors.IsNotFound(err) {
			s.t.Fatalf("it is still there: %v", err)
		}
		var namespaces corev1.NamespaceList
		s.check(s.c.List(s.t.Context(), &namespaces))
		if len(namespaces.Items) != 0 || len(s.erased) == 0 || s.erased[0] != "acme-12345678" {
			s.t.Errorf("left: %d namespaces; erased %v", len(namespaces.Items), s.erased)
		}
	}
	kills := 0
	for n := 0; ; n++ {
		s := newStage(t, instance("acme"))
		s.budget = n
		story(s)
		if t.Failed() {
			t.Fatalf("after it was killed at change %d", n)
		}
		if s.budget > 0 {
			break // the story has fewer changes
		}
		kills++
	}
	if kills < 25 {
		t.Errorf("killed at %d points only", kills)
	}
}

func secretOf(s *stage, name string) string {
	var secret corev1.Secret
	s.check(s.c.Get(s.t.Context(), types.NamespacedName{Namespace: "tako-acme", Name: name}, &secret))
	return string(secret.Data["key"]) + secret.StringData["key"]
}

// TestAnOperatorThatWasAwayRefusesNothing: what was not tried, because no operator
// was there, is no bad version.
func TestAnOperatorThatWasAwayRefusesNothing(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	s.change("acme", func(i *cloud.Instance) { i.Spec.Image = "tako:2" })
	for s.get("acme").Status.Phase != cloud.Upgrading {
		if _, err := s.r.Reconcile(t.Context(), request("acme")); err != nil {
			t.Fatal(err)
		}
	}
	s.now = s.now.Add(time.Hour)
	s.begin()
	s.settle("acme")
	s.now = s.now.Add(time.Minute)
	s.settle("acme")
	if i := s.want("acme", cloud.Ready, "serves"); i.Status.Image != "tako:2" || i.Status.Refused != "" {
		t.Errorf("it runs %s and refuses %q", i.Status.Image, i.Status.Refused)
	}
}

func TestBadVersionIsTakenBack(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	s.bad["tako:2"] = true
	s.change("acme", func(i *cloud.Instance) { i.Spec.Image = "tako:2" })
	s.settle("acme")
	s.now = s.now.Add(time.Minute)
	s.settle("acme")
	i := s.want("acme", cloud.Ready, "tako:2 did not become healthy here and was taken back")
	if i.Status.Image != "tako:1" || i.Status.Refused != "tako:2" || s.pod("acme").Spec.Containers[0].Image != "tako:1" {
		t.Errorf("%+v", i.Status)
	}
	started := s.started
	s.now = s.now.Add(10 * time.Minute)
	s.settle("acme")
	if s.started != started {
		t.Error("it was tried again")
	}
	s.change("acme", func(i *cloud.Instance) { i.Spec.Image = "tako:3" })
	s.settle("acme")
	s.now = s.now.Add(time.Minute)
	s.settle("acme")
	if i := s.want("acme", cloud.Ready, "It serves acme.example.com."); i.Status.Image != "tako:3" {
		t.Errorf("%+v", i.Status)
	}
}

func TestUpgradeWaitsForTheWindow(t *testing.T) {
	i := instance("acme")
	i.Spec.MaintenanceWindow = &cloud.Window{Start: "22:00", Hours: 2}
	s := newStage(t, i)
	s.settle("acme")
	s.now = s.now.Add(moment)
	s.settle("acme")
	s.change("acme", func(i *cloud.Instance) { i.Spec.Image, i.Spec.Hibernation.IdleAfter.Duration = "tako:2", 0 })
	result := s.settle("acme")
	s.want("acme", cloud.Ready, "A change waits for the maintenance window at Fri 22:00 UTC.")
	if d := s.now.Add(result.RequeueAfter).Sub(time.Date(2026, 11, 27, 22, 0, 0, 0, time.UTC)); d.Abs() > time.Second {
		t.Errorf("looked at again %s beside the window", d)
	}
	s.now = time.Date(2026, 11, 27, 22, 0, 1, 0, time.UTC)
	s.settle("acme")
	s.now = s.now.Add(time.Minute)
	s.settle("acme")
	if i := s.want("acme", cloud.Ready, "serves"); i.Status.Image != "tako:2" {
		t.Errorf("%+v", i.Status)
	}
}

func TestWhatKeepsAnInstanceAwake(t *testing.T) {
	for _, c := range []struct {
		name   string
		report func(now time.Time) Report
		err    error
		says   string // empty: it sleeps
		wakes  time.Duration
	}{
		{"nothing", func(time.Time) Report { return Report{} }, nil, "", 0},
		{"a task", func(time.Time) Report { return Report{Executing: 1} }, nil, "1 tasks are running", 0},
		{"a waiting task", func(time.Time) Report { return Report{Queued: 2} }, nil, "2 tasks are waiting", 0},
		{"a request past the gateway", func(now time.Time) Report { t := now.Add(-time.Minute); return Report{LastRequest: &t} }, nil, "it was used at", 0},
		{"a request long ago", func(now time.Time) Report { t := now.Add(-2 * time.Hour); return Report{LastRequest: &t} }, nil, "", 0},
		{"something soon", func(now time.Time) Report { t := now.Add(5 * time.Minute); return Report{NextDue: &t} }, nil, "something is due at", 0},
		{"something later", func(now time.Time) Report { t := now.Add(5 * time.Hour); return Report{NextDue: &t} }, nil, "", 5*time.Hour - time.Minute},
		{"no answer", func(time.Time) Report { return Report{} }, errors.New("no answer"), "could not be asked: no answer", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, instance("acme"))
			s.settle("acme")
			s.now = s.now.Add(31 * time.Minute)
			s.report, s.askErr = c.report(s.now), c.err
			s.settle("acme")
			if c.says != "" {
				s.want("acme", cloud.Ready, c.says)
				return
			}
			i := s.want("acme", cloud.Hibernated, "Nobody used it")
			if s.pod("acme") != nil {
				t.Error("its pod is still there")
			}
			if c.wakes == 0 {
				return
			}
			if at := i.Status.WakeAt.Sub(s.now); at.Round(time.Second) != c.wakes {
				t.Errorf("wakes in %s", at)
			}
			s.now = i.Status.WakeAt.Time
			s.report = Report{}
			s.settle("acme")
			s.want("acme", cloud.Ready, "serves")
		})
	}
}

func TestLostKeyIsNotMadeAnew(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	var key corev1.Secret
	s.check(s.c.Get(t.Context(), types.NamespacedName{Namespace: "tako-acme", Name: keySecret}, &key))
	s.check(s.c.Delete(t.Context(), &key))
	s.r.damaged.Store("acme", true)
	s.settle("acme")
	i := s.get("acme")
	if text := i.Status.Conditions[0].Message; !strings.Contains(text, "The master key is gone: put it back as secret tako-master-key of namespace tako-acme") {
		t.Error(text)
	}
	key.ResourceVersion = ""
	s.check(s.c.Create(t.Context(), &key))
	s.now = s.now.Add(time.Minute)
	s.settle("acme")
	s.want("acme", cloud.Ready, "serves")
}

func TestSuspendAndTakeBack(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	s.change("acme", func(i *cloud.Instance) { i.Spec.Suspended = true })
	s.settle("acme")
	s.want("acme", cloud.Suspended, "It is suspended")
	s.change("acme", func(i *cloud.Instance) {
		i.Annotations = map[string]string{cloud.AnnotationWake: s.now.Add(time.Minute).Format(time.RFC3339Nano)}
	})
	s.settle("acme")
	if s.want("acme", cloud.Suspended, ""); s.pod("acme") != nil {
		t.Error("a suspended instance was woken")
	}
	s.change("acme", func(i *cloud.Instance) { i.Spec.Suspended = false })
	s.settle("acme")
	s.want("acme", cloud.Ready, "serves")
}

// TestRestoreIntoItself has the pod start once with the restore to do.
func TestRestoreIntoItself(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	s.change("acme", func(i *cloud.Instance) {
		i.Annotations = map[string]string{cloud.AnnotationRestore: `{"name":"monday","from":"acme-12345678","time":"2026-11-27T09:00:00Z"}`}
	})
	s.settle("acme")
	if i := s.want("acme", cloud.Ready, "serves"); i.Status.Restored != "monday" {
		t.Errorf("%+v", i.Status)
	}
	env := map[string]string{}
	for _, e := range s.pod("acme").Spec.Containers[0].Env {
		env[e.Name] = e.Value
	}
	if env["TAKO_BACKUP_RESTORE_NAME"] != "monday" || env["TAKO_BACKUP_RESTORE_AT"] != "2026-11-27T09:00:00Z" || env["TAKO_BACKUP_RESTORE_FROM"] != "" {
		t.Errorf("%v", env)
	}
	started := s.started
	s.now = s.now.Add(time.Minute)
	s.settle("acme")
	if s.started != started {
		t.Error("it was started again")
	}
}

func TestWindow(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse("Mon 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		for d := time.Date(2026, 11, 23, v.Hour(), v.Minute(), 0, 0, time.UTC); ; d = d.AddDate(0, 0, 1) {
			if d.Format("Mon") == text[:3] {
				return d
			}
		}
	}
	late := &cloud.Window{Start: "23:00", Hours: 3, Days: []string{"Tue", "Thu"}}
	for _, c := range []struct {
		window *cloud.Window
		now    string
		open   bool
		next   string
	}{
		{nil, "Mon 12:00", true, "Mon 12:00"},
		{late, "Tue 22:59", false, "Tue 23:00"},
		{late, "Tue 23:00", true, "Tue 23:00"},
		{late, "Wed 01:59", true, "Tue 23:00"},
		{late, "Wed 02:00", false, "Thu 23:00"},
		{&cloud.Window{Start: "00:00", Hours: 24}, "Sat 13:00", true, "Sat 00:00"},
	} {
		got, next := open(c.window, at(c.now))
		if got != c.open || next.Format("Mon 15:04") != c.next {
			t.Errorf("%+v at %s: %v, %s", c.window, c.now, got, next.Format("Mon 15:04"))
		}
	}
}
