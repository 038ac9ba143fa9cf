package restore

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/instance"
)

var (
	noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	nine = metav1.NewTime(noon.Add(-3 * time.Hour))
)

// scene is a cluster with what a test needs, at a time of its choosing.
type scene struct {
	*testing.T
	*Reconciler
	now time.Time
}

func newScene(t *testing.T, objects ...client.Object) *scene {
	t.Helper()
	known := runtime.NewScheme()
	if err := cloud.AddToScheme(known); err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(known).WithObjects(objects...).WithStatusSubresource(&cloud.Restore{}, &cloud.Instance{}).Build()
	s := &scene{T: t, now: noon}
	s.Reconciler = &Reconciler{Client: c, Now: func() time.Time { return s.now }}
	return s
}

// turn lets the restore get a step further, and gives it.
func (s *scene) turn() *cloud.Restore {
	s.Helper()
	request := reconcile.Request{NamespacedName: types.NamespacedName{Name: "back"}}
	if _, err := s.Reconcile(s.Context(), request); err != nil {
		s.Fatal(err)
	}
	var o cloud.Restore
	if err := s.Get(s.Context(), request.NamespacedName, &o); err != nil {
		s.Fatal(err)
	}
	return &o
}

func (s *scene) instance(name string) *cloud.Instance {
	s.Helper()
	var i cloud.Instance
	if err := s.Get(s.Context(), types.NamespacedName{Name: name}, &i); err != nil {
		s.Fatal(err)
	}
	return &i
}

func acme() *cloud.Instance {
	return &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Spec: cloud.InstanceSpec{Customer: "Acme", Hosts: []string{"acme.example.com"}, Channel: "stable", Suspended: true,
		Storage: cloud.Storage{Prefix: "acme-1"}}, Status: cloud.InstanceStatus{Prefix: "acme-1", Image: "tako:1"}}
}

func back(target string, hosts ...string) *cloud.Restore {
	return &cloud.Restore{ObjectMeta: metav1.ObjectMeta{Name: "back", UID: "0123456789"}, Spec: cloud.RestoreSpec{Source: "acme", Target: target, Time: &nine, Hosts: hosts}}
}

// going is what an instance was told.
func going(t *testing.T, i *cloud.Instance) (g instance.Going) {
	t.Helper()
	if err := json.Unmarshal([]byte(i.Annotations[cloud.AnnotationRestore]), &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestIntoItself(t *testing.T) {
	s := newScene(t, acme(), back("acme"))
	if o := s.turn(); o.Status.State != cloud.RestoreRunning || !o.Status.Began.Time.Equal(noon) {
		t.Fatalf("%+v", o.Status)
	}
	i := s.instance("acme")
	if g := going(t, i); g.Name != "back-01234567" || g.From != "acme-1" || !g.Time.Equal(nine.Time) || g.KeyOf != "acme" {
		t.Errorf("%+v", g)
	}
	i.Status.Restored = "back-01234567"
	if err := s.Status().Update(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if o := s.turn(); o.Status.State != cloud.RestoreDone || o.Status.Ended == nil {
		t.Errorf("%+v", o.Status)
	}
	// It happens once, whatever becomes of the instance.
	i.Status.Restored = ""
	if err := s.Status().Update(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if o := s.turn(); o.Status.State != cloud.RestoreDone {
		t.Errorf("%+v", o.Status)
	}
}

func TestIntoANewOne(t *testing.T) {
	s := newScene(t, acme(), back("twin", "twin.example.com"))
	s.turn()
	i := s.instance("twin")
	if i.Spec.Customer != "Acme" || i.Spec.Hosts[0] != "twin.example.com" || i.Spec.Storage.Prefix != "" || i.Spec.Suspended || i.Annotations[cloud.AnnotationImage] != "tako:1" {
		t.Errorf("%+v %v", i.Spec, i.Annotations)
	}
	if g := going(t, i); g.From != "acme-1" || g.KeyOf != "acme" {
		t.Errorf("%+v", g)
	}
	if o := s.turn(); o.Status.State != cloud.RestoreRunning {
		t.Errorf("%+v", o.Status)
	}
}

// TestGivenUp lets an instance go on that does not come back.
func TestGivenUp(t *testing.T) {
	s := newScene(t, acme(), back("acme"))
	s.turn()
	s.now = noon.Add(Patience - time.Second)
	if o := s.turn(); o.Status.State != cloud.RestoreRunning {
		t.Fatalf("%+v", o.Status)
	}
	s.now = noon.Add(Patience)
	if o := s.turn(); o.Status.State != cloud.RestoreFailed || !strings.Contains(o.Status.Message, "goes on with what it had") {
		t.Errorf("%+v", o.Status)
	}
	if text, told := s.instance("acme").Annotations[cloud.AnnotationRestore]; told {
		t.Errorf("it is still told to go back: %s", text)
	}
}

func TestWhatCannotBeRestored(t *testing.T) {
	other, unmade, leaving := acme(), acme(), acme()
	other.Name, unmade.Status.Prefix = "other", ""
	leaving.DeletionTimestamp, leaving.Finalizers = &nine, []string{cloud.Finalizer}
	for _, test := range []struct {
		name      string
		instances []client.Object
		restore   *cloud.Restore
		state     string
		says      string
	}{
		{"no source", nil, back("acme"), cloud.RestoreWaiting, "no instance acme with a backup"},
		{"a source that was never made", []client.Object{unmade}, back("acme"), cloud.RestoreWaiting, "no instance acme with a backup"},
		{"a new one without hosts", []client.Object{acme()}, back("twin"), cloud.RestoreFailed, "none can be made without hosts"},
		{"over another", []client.Object{acme(), other}, back("other"), cloud.RestoreFailed, "is not overwritten"},
		{"one that is being deleted", []client.Object{leaving}, back("acme"), cloud.RestoreFailed, "restore it as a new one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t, append(test.instances, test.restore)...)
			if o := s.turn(); o.Status.State != test.state || !strings.Contains(o.Status.Message, test.says) {
				t.Errorf("%+v", o.Status)
			}
		})
	}
}
