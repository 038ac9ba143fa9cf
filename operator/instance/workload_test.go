package instance

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// TestWhatWasDoneIsDoneOnce although others write to the instance in the midst of it.
func TestWhatWasDoneIsDoneOnce(t *testing.T) {
	for _, test := range []struct {
		name string
		meet func(*cloud.Instance)
	}{
		{"nobody", nil},
		{"the gateway, that it is used", func(i *cloud.Instance) { i.Annotations = map[string]string{cloud.AnnotationUse: "now"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, instance("acme"))
			s.r.Cloud.WorkerImage = "worker:1"
			if test.meet != nil {
				s.meanwhile = func() { s.change("acme", test.meet) }
			}
			s.settle("acme")
			i := s.want("acme", cloud.Ready, "serves")
			made := len(s.r.Cloud.fence(i)) + len(s.r.Cloud.workers(i)) + 2 // access to the bucket, set
			if s.applies != made {
				t.Errorf("%d objects were applied, of %d", s.applies, made)
			}
			s.now = s.now.Add(moment)
			s.settle("acme")
			var set appsv1.StatefulSet
			s.check(s.c.Get(t.Context(), types.NamespacedName{Namespace: "tako-acme", Name: "tako"}, &set))
			for _, e := range set.Spec.Template.Spec.Containers[0].Env {
				if e.Name == "TAKO_BACKUP_RESTORE" && e.Value != "required" {
					t.Errorf("at its next start it may begin with a backup that is %s", e.Value)
				}
			}
		})
	}
}

// TestDecisionsAreMadeAnew where the instance is no longer what they were made for.
func TestDecisionsAreMadeAnew(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	s.change("acme", func(i *cloud.Instance) { i.Spec.Suspended = true })
	s.meanwhile = func() { s.change("acme", func(i *cloud.Instance) { i.Spec.Suspended = false }) }
	result, err := s.r.Reconcile(t.Context(), request("acme"))
	if err != nil || result.RequeueAfter != soonAgain {
		t.Errorf("%+v %v", result, err)
	}
	s.want("acme", cloud.Ready, "serves")
}

// TestNoNodeWaitsForAConfigMap before it starts a server.
func TestNoNodeWaitsForAConfigMap(t *testing.T) {
	c := Cloud{WorkerImage: "worker:1", Authority: "PEM"}
	template, err := c.pod(instance("acme"))
	if err != nil {
		t.Fatal(err)
	}
	if automatic := template.Spec.AutomountServiceAccountToken; automatic == nil || *automatic {
		t.Error("Kubernetes adds a volume of its own, with a config map")
	}
	files := map[string]string{}
	for _, v := range template.Spec.Volumes {
		if v.ConfigMap != nil {
			t.Errorf("%s is a config map", v.Name)
		}
		if v.DownwardAPI != nil {
			for _, f := range v.DownwardAPI.Items {
				files[f.Path] = f.FieldRef.FieldPath
			}
		}
		if v.Projected == nil {
			continue
		}
		for _, p := range v.Projected.Sources {
			if p.ConfigMap != nil {
				t.Errorf("a part of %s is a config map", v.Name)
			}
			if p.DownwardAPI != nil {
				for _, f := range p.DownwardAPI.Items {
					files[f.Path] = f.FieldRef.FieldPath
				}
			}
		}
	}
	for path, annotation := range map[string]string{"worker.yaml": annotationWorker, "ca.crt": annotationAuthority} {
		if files[path] != "metadata.annotations['"+annotation+"']" || template.Annotations[annotation] == "" {
			t.Errorf("%s is %q: %q", path, files[path], template.Annotations[annotation])
		}
	}
}
