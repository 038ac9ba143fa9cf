package directory

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/gateway"
	"github.com/takodeploy/tako/operator/instance"
)

var noon = metav1.NewTime(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))

func of(t *testing.T, objects ...client.Object) *Directory {
	t.Helper()
	known := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(known), cloud.AddToScheme(known)); err != nil {
		t.Fatal(err)
	}
	return &Directory{fake.NewClientBuilder().WithScheme(known).WithObjects(objects...).
		WithIndex(&cloud.Instance{}, instance.IndexHost, func(o client.Object) []string { return o.(*cloud.Instance).Spec.Hosts }).Build()}
}

func named(name string, made metav1.Time, hosts ...string) *cloud.Instance {
	return &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: made}, Spec: cloud.InstanceSpec{Hosts: hosts}, Status: cloud.InstanceStatus{Phase: cloud.Ready}}
}

func podOf(name, ip string) *corev1.Pod {
	at := instance.PodOf(name)
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: at.Name, Namespace: at.Namespace}, Status: corev1.PodStatus{PodIP: ip}}
}

func TestFind(t *testing.T) {
	later := metav1.NewTime(noon.Add(time.Hour))
	d := of(t, named("b", noon, "one.example.com", "two.example.com"), named("c", noon, "two.example.com"), named("a", later, "one.example.com"),
		podOf("b", "10.0.0.7"), podOf("c", ""))
	for _, test := range []struct {
		host, name, address string
		err                 error
	}{
		{"one.example.com", "b", "10.0.0.7:8080", nil}, // the older of two
		{"two.example.com", "b", "10.0.0.7:8080", nil}, // the first by name of two as old
		{"three.example.com", "", "", gateway.ErrUnknown},
	} {
		place, err := d.Find(t.Context(), test.host)
		if !errors.Is(err, test.err) || place.Name != test.name || place.Address != test.address {
			t.Errorf("%s: %+v, %v", test.host, place, err)
		}
	}
	if place, err := d.Locate(t.Context(), "c"); err != nil || place.Address != "" || place.Closed != "" {
		t.Errorf("a pod without an address: %+v, %v", place, err)
	}
	asleep := named("e", noon, "e.example.com")
	asleep.Status.Phase = cloud.Hibernated
	if place, err := of(t, asleep).Locate(t.Context(), "e"); err != nil || !place.Asleep || place.Address != "" {
		t.Errorf("one that sleeps: %+v, %v", place, err)
	}
	if _, err := d.Locate(t.Context(), "d"); !errors.Is(err, gateway.ErrUnknown) {
		t.Error(err)
	}
}

// TestNoWay is what the gateway gets of instances that are not to be reached.
func TestNoWay(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*cloud.Instance, *corev1.Pod)
		says   string
	}{
		{"deleted", func(i *cloud.Instance, _ *corev1.Pod) {
			i.DeletionTimestamp, i.Finalizers = &noon, []string{cloud.Finalizer}
		}, "was deleted"},
		{"to be suspended", func(i *cloud.Instance, _ *corev1.Pod) { i.Spec.Suspended = true }, "is suspended"},
		{"suspended", func(i *cloud.Instance, _ *corev1.Pod) { i.Status.Phase = cloud.Suspended }, "is suspended"},
		{"restoring", func(i *cloud.Instance, _ *corev1.Pod) { i.Status.Phase = cloud.Restoring }, "goes back to an earlier time"},
		{"a pod that ends", func(_ *cloud.Instance, p *corev1.Pod) { p.DeletionTimestamp, p.Finalizers = &noon, []string{"x/y"} }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, pod := named("acme", noon, "acme.example.com"), podOf("acme", "10.0.0.7")
			test.change(i, pod)
			place, err := of(t, i, pod).Find(t.Context(), "acme.example.com")
			if err != nil || place.Address != "" || !strings.Contains(place.Closed, test.says) || (test.says == "") != (place.Closed == "") {
				t.Errorf("%+v, %v", place, err)
			}
		})
	}
}

func TestWakeAndUse(t *testing.T) {
	d := of(t, named("acme", noon, "acme.example.com"))
	if err := errors.Join(d.Wake(t.Context(), "acme"), d.Used(t.Context(), "acme", noon.Time), d.Woke(t.Context(), "acme", noon.Time, 1834*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var i cloud.Instance
	if err := d.Get(t.Context(), types.NamespacedName{Name: "acme"}, &i); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339Nano, i.Annotations[cloud.AnnotationWake]); err != nil || i.Annotations[cloud.AnnotationUse] != "2026-11-27T12:00:00Z" || i.Annotations[cloud.AnnotationWoke] != "2026-11-27T12:00:00Z 1.834s" {
		t.Errorf("%v", i.Annotations)
	}
	if err := d.Wake(t.Context(), "nobody"); err == nil {
		t.Error("an instance that is not there was woken")
	}
}
