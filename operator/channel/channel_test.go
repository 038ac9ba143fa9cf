package channel

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// fleet is instances that do as they are told.
type fleet struct {
	t   *testing.T
	c   *cloud.Channel
	all map[string]*cloud.Instance
	now time.Time
	bad map[string]string // image by instance that does not become healthy there
}

func newFleet(t *testing.T, n int) *fleet {
	f := &fleet{t: t, now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), all: map[string]*cloud.Instance{}, bad: map[string]string{},
		c: &cloud.Channel{Spec: cloud.ChannelSpec{Image: "tako:1", Waves: []int32{5, 25, 100}, Soak: metav1.Duration{Duration: 10 * time.Minute}}}}
	for i := range n {
		name := fmt.Sprintf("i%02d", i)
		f.all[name] = &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{}}}
	}
	return f
}

// pass lets the channel decide until it decides nothing more, and carries it out.
func (f *fleet) pass() time.Duration {
	f.t.Helper()
	for range 100 {
		var list []cloud.Instance
		for _, i := range f.all {
			list = append(list, *i)
		}
		give, after := plan(f.c, list, f.now)
		for _, g := range give {
			i := f.all[g.name]
			i.Annotations[cloud.AnnotationImage] = g.image
			i.Status.Phase = cloud.Ready
			if f.bad[g.name] == g.image {
				i.Status.Refused = g.image
			} else {
				i.Status.Image = g.image
			}
		}
		if len(give) == 0 && (after == 0 || after >= time.Second) {
			return after
		}
	}
	f.t.Fatal("it never comes to rest")
	return 0
}

// with lists the instances that run an image.
func (f *fleet) with(image string) (names []string) {
	for name, i := range f.all {
		if i.Status.Image == image {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestWaves(t *testing.T) {
	f := newFleet(t, 20)
	f.pass()
	if n := len(f.with("tako:1")); n != 20 || f.c.Status.State != cloud.ChannelDone {
		t.Fatalf("the first version came to %d: %+v", n, f.c.Status)
	}
	f.c.Spec.Image = "tako:2"
	for _, want := range []int{1, 5, 20} {
		after := f.pass()
		if n := len(f.with("tako:2")); n != want || after != 10*time.Minute {
			t.Fatalf("%d instances, again after %s: %+v", n, after, f.c.Status)
		}
		f.now = f.now.Add(after - time.Second)
		f.pass()
		if n := len(f.with("tako:2")); n != want {
			t.Fatalf("%d instances before the wave was healthy long enough", n)
		}
		f.now = f.now.Add(time.Second)
	}
	f.pass()
	if f.c.Status.State != cloud.ChannelDone || f.c.Status.Good != "tako:2" {
		t.Errorf("%+v", f.c.Status)
	}
	f.all["new"] = &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: "new", Annotations: map[string]string{}}}
	f.pass()
	if f.all["new"].Status.Image != "tako:2" {
		t.Errorf("a new instance has %q", f.all["new"].Status.Image)
	}
}

// TestABadVersionStops has one instance of the second wave not become healthy:
// the wave goes back, the one before stays, and the rest never sees it.
func TestABadVersionStops(t *testing.T) {
	f := newFleet(t, 20)
	f.pass()
	f.c.Spec.Image = "tako:2"
	f.now = f.now.Add(f.pass())
	first := f.with("tako:2")
	probe := newFleet(t, 20)
	probe.pass()
	probe.c.Spec.Image = "tako:2"
	probe.now = probe.now.Add(probe.pass())
	probe.pass()
	for _, name := range probe.with("tako:2") {
		if !slices.Contains(first, name) {
			f.bad[name] = "tako:2" // the last one of the wave
		}
	}
	f.pass()
	if f.c.Status.State != cloud.ChannelStopped || !strings.Contains(f.c.Status.Message, "did not become healthy on tako:2. The wave goes back to tako:1") {
		t.Fatalf("%+v", f.c.Status)
	}
	if got := f.with("tako:2"); !slices.Equal(got, first) {
		t.Errorf("%v have the version; want %v", got, first)
	}
	f.now = f.now.Add(time.Hour)
	f.pass()
	if got := f.with("tako:2"); !slices.Equal(got, first) {
		t.Errorf("an hour later %v", got)
	}
	f.c.Spec.Image = "tako:3"
	for range 4 {
		f.now = f.now.Add(f.pass())
	}
	if n := len(f.with("tako:3")); n != 20 {
		t.Errorf("%d instances have the version after", n)
	}
}

func TestAFailureWithinTheAllowance(t *testing.T) {
	f := newFleet(t, 20)
	f.pass()
	f.c.Spec.Image, f.c.Spec.MaxFailed = "tako:2", 1
	f.bad["i07"] = "tako:2"
	for range 4 {
		f.now = f.now.Add(f.pass())
	}
	if n := len(f.with("tako:2")); n != 19 || f.c.Status.State != cloud.ChannelDone {
		t.Errorf("%d instances, %+v", n, f.c.Status)
	}
}
