package control

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
)

func sum(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }

// with gives a control plane over one instance, acme, with somebody who may look
// and somebody who may change.
func with(t *testing.T) *Control {
	t.Helper()
	known := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(known), cloud.AddToScheme(known)); err != nil {
		t.Fatal(err)
	}
	acme := &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: "acme"}, Status: cloud.InstanceStatus{BucketKey: "AKIA1"}}
	stable := &cloud.Channel{ObjectMeta: metav1.ObjectMeta{Name: "stable"}}
	return &Control{Client: fake.NewClientBuilder().WithScheme(known).WithObjects(acme, stable).Build(), Home: "tako-system", Key: []byte("a key of thirty-two bytes or more"),
		Now:   func() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) },
		Users: []User{{Name: "vera", Role: Viewer, Token: sum("see")}, {Name: "otto", Role: Operator, Token: sum("do")}}}
}

// TestWhoMayDoWhat asks for everything as everybody. What the cluster refuses, the
// tests on an API server show.
func TestWhoMayDoWhat(t *testing.T) {
	asked := map[string]bool{}
	for _, test := range []struct {
		method, path, body           string
		nobody, other, viewer, doing int
		noted                        string // in the audit, of who may
	}{
		{"GET", "/healthz", "", 200, 200, 200, 200, ""},
		{"GET", "/api/me", "", 401, 401, 200, 200, ""},
		{"GET", "/api/instances", "", 401, 401, 200, 200, ""},
		{"GET", "/api/instances/acme", "", 401, 401, 200, 200, ""},
		{"POST", "/api/instances", `{"name":"new"}`, 401, 401, 403, 200, "create new"},
		{"PATCH", "/api/instances/acme", `{"suspended":true}`, 401, 401, 403, 200, "change acme"},
		{"DELETE", "/api/instances/acme", "", 401, 401, 403, 200, "delete acme"},
		{"POST", "/api/instances/acme/restore", `{}`, 401, 401, 403, 200, "restore acme"},
		{"POST", "/api/instances/acme/key", "", 401, 401, 403, 200, "replace key acme"},
		{"GET", "/api/channels", "", 401, 401, 200, 200, ""},
		{"POST", "/api/channels", `{"name":"early"}`, 401, 401, 403, 200, "create channel early"},
		{"PATCH", "/api/channels/stable", `{"image":"tako:2"}`, 401, 401, 403, 200, "change channel stable"},
		{"GET", "/api/versions", "", 401, 401, 200, 200, ""},
		{"GET", "/api/audit", "", 401, 401, 200, 200, ""},
		{"GET", "/api/slo", "", 401, 401, 200, 200, ""},
	} {
		for pattern := range with(t).routes() {
			method, path, _ := strings.Cut(pattern, " ")
			if ok, _ := filepath.Match(strings.ReplaceAll(path, "{name}", "*"), test.path); ok && method == test.method {
				asked[pattern] = true
			}
		}
		t.Run(test.method+test.path, func(t *testing.T) {
			for header, status := range map[string]int{"": test.nobody, "Basic c2VlOmRv": test.nobody, "Bearer ": test.other, "Bearer " + sum("do"): test.other, "Bearer see": test.viewer, "Bearer do": test.doing} {
				c := with(t)
				request := httptest.NewRequestWithContext(t.Context(), test.method, test.path, strings.NewReader(test.body))
				request.Header.Set("Authorization", header)
				answer := httptest.NewRecorder()
				c.Handler().ServeHTTP(answer, request)
				if answer.Code != status {
					t.Errorf("with %q: %d %s", header, answer.Code, answer.Body)
				}
				all, err := c.entries(t.Context(), c.Now())
				if done := test.noted != "" && status == http.StatusOK; err != nil || done != (len(all) == 1) {
					t.Errorf("with %q the audit has %+v: %v", header, all, err)
				} else if done && (all[0].User != "otto" || all[0].Did+" "+all[0].Instance+all[0].Channel != test.noted) {
					t.Errorf("the audit has %+v", all[0])
				}
			}
		})
	}
	if all := with(t).routes(); len(asked) != len(all) {
		t.Errorf("only %v of %d routes are asked for", asked, len(all))
	}
}

// TestNothingHappensUnnoted: what cannot be written down is not done.
func TestNothingHappensUnnoted(t *testing.T) {
	c := with(t)
	c.Client = deaf{c.Client}
	request := httptest.NewRequestWithContext(t.Context(), "PATCH", "/api/instances/acme", strings.NewReader(`{"suspended":true}`))
	request.Header.Set("Authorization", "Bearer do")
	answer := httptest.NewRecorder()
	c.Handler().ServeHTTP(answer, request)
	var acme cloud.Instance
	if err := c.Client.Get(t.Context(), types.NamespacedName{Name: "acme"}, &acme); err != nil || answer.Code != http.StatusBadGateway || acme.Spec.Suspended {
		t.Errorf("%d %s, suspended: %v, %v", answer.Code, answer.Body, acme.Spec.Suspended, err)
	}
}

// deaf is a cluster that keeps no audit.
type deaf struct{ client.Client }

func (d deaf) Create(ctx context.Context, o client.Object, options ...client.CreateOption) error {
	if _, ok := o.(*corev1.ConfigMap); ok {
		return errors.New("no room")
	}
	return d.Client.Create(ctx, o, options...)
}
