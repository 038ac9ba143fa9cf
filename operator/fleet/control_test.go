package fleet

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/control"
	"github.com/takodeploy/tako/operator/cost"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// desk is the control plane with the rights of its account, as people reach it.
type desk struct {
	*testing.T
	url string
}

func open(t *testing.T, kubeconfig string) desk {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	prices, err := cost.Known()
	if err != nil {
		t.Fatal(err)
	}
	sum := func(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }
	d := &control.Control{Client: c, Home: home, Now: func() time.Time { return noon }, Prices: prices, Sharers: 1000,
		Uses:  map[string]cost.Use{"i70000": {Name: "i70000", Awake: 1, Memory: 20}},
		Users: []control.User{{Name: "vera", Role: control.Viewer, Token: sum("see")}, {Name: "otto", Role: control.Operator, Token: sum("do")}}}
	server := httptest.NewServer(d.Handler())
	t.Cleanup(server.Close)
	return desk{t, server.URL}
}

// ask sends a request and wants an answer of that status.
func (d desk) ask(token, method, path, body string, status int, into any) string {
	d.Helper()
	request, err := http.NewRequestWithContext(d.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.Fatal(err)
	}
	defer answer.Body.Close()
	var text json.RawMessage
	if err := json.NewDecoder(answer.Body).Decode(&text); err != nil {
		d.Fatal(err)
	}
	if answer.StatusCode != status {
		d.Errorf("%s %s of %q: %d %s", method, path, token, answer.StatusCode, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			d.Errorf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return string(text)
}

// testControl looks, changes and restores as two people, one of whom may only look.
func testControl(t *testing.T, c client.Client, kubeconfig string) {
	for n := 70000; n < 70003; n++ {
		if err := c.Create(t.Context(), made(n)); err != nil {
			t.Fatal(err)
		}
		defer c.Delete(t.Context(), made(n))
	}
	var one cloud.Instance
	key := types.NamespacedName{Name: "i70000"}
	if err := c.Get(t.Context(), key, &one); err != nil {
		t.Fatal(err)
	}
	one.Status.Phase, one.Status.Image, one.Status.Prefix = cloud.Ready, "tako:1", "i70000-1"
	if err := c.Status().Update(t.Context(), &one); err != nil {
		t.Fatal(err)
	}
	d := open(t, kubeconfig)
	asks(t, d)
	looks(t, d)
	d.ask("do", "PATCH", "/api/instances/i70000", `{"suspended":false,"maintenanceWindow":null}`, 200, nil)
	if err := c.Get(t.Context(), key, &one); err != nil || one.Spec.Suspended || one.Spec.MaintenanceWindow != nil {
		t.Errorf("%+v %v", one.Spec, err)
	}
	makes(t, c, d)
	audited(t, d)
}

// asks for what is refused, by whom and why, and for what is not.
func asks(t *testing.T, d desk) {
	t.Helper()
	const path = "/api/instances/i70000"
	for _, r := range []struct {
		token, method, path, body string
		status                    int
		says                      string
	}{
		{"wrong", "GET", "/api/instances", "", 401, "Sign in"},
		{"see", "GET", "/api/me", "", 200, "viewer"},
		{"see", "PATCH", path, `{"suspended":true}`, 403, "role operator"},
		{"see", "POST", path + "/restore", `{}`, 403, "role operator"},
		{"see", "GET", "/api/instances?limit=x", "", 400, "limit is a number"},
		{"see", "GET", "/api/instances/nobody", "", 404, "not found"},
		{"see", "GET", "/api/audit?day=today", "", 400, "day is a date"},
		{"see", "POST", "/api/instances", `{"name":"new"}`, 403, "role operator"},
		{"see", "DELETE", path, "", 403, "role operator"},
		{"do", "PATCH", path, `{"storage":{"prefix":"of-another"}}`, 400, "unknown field"},
		{"do", "PATCH", path, `{"deletionGrace":"1s"}`, 400, "unknown field"},
		{"do", "PATCH", path, `{"image":"tako:3","channel":"stable"}`, 400, "either a channel"},
		{"do", "PATCH", path, `{"channel":"early"}`, 200, `"channel":"early"`},
		{"do", "PATCH", path, `{"image":"tako:3"}`, 200, `"image":"tako:3"`},
		{"do", "PATCH", path, `{"taskCap":7}`, 422, "spec.taskCap"},
		{"do", "PATCH", path, `{"maintenanceWindow":{"start":"2am","hours":2}}`, 422, "spec.maintenanceWindow.start"},
		{"do", "PATCH", "/api/instances/nobody", `{"suspended":true}`, 404, "not found"},
		{"do", "POST", path + "/restore", `{"time":"2999-01-01T00:00:00Z"}`, 400, "in the future"},
		{"do", "POST", path + "/restore", `{"hosts":["x.example.com"]}`, 422, "hosts are for a new instance"},
		{"do", "PATCH", path, `{"suspended":true,"maintenanceWindow":{"start":"02:00","hours":3}}`, 200, `"suspended":true`},
		{"do", "POST", path + "/restore", `{"time":"2026-11-01T00:00:00Z"}`, 200, `"by":"otto"`},
	} {
		if text := d.ask(r.token, r.method, r.path, r.body, r.status, nil); !strings.Contains(text, r.says) {
			t.Errorf("%s %s %s: %s", r.method, r.path, r.body, text)
		}
	}
}

// looks at what was asked for.
func looks(t *testing.T, d desk) {
	t.Helper()
	var page struct {
		Items    []control.Shown
		Continue string
	}
	d.ask("see", "GET", "/api/instances?limit=2", "", 200, &page)
	if len(page.Items) != 2 || page.Continue == "" || page.Items[0].Name != "i70000" || page.Items[0].Version != "tako:1" {
		t.Errorf("%+v", page)
	}
	d.ask("see", "GET", "/api/instances?limit=2&continue="+page.Continue, "", 200, &page)
	if len(page.Items) != 1 || page.Items[0].Name != "i70002" {
		t.Errorf("%+v", page)
	}
	var shown control.Shown
	d.ask("see", "GET", "/api/instances/i70000", "", 200, &shown)
	if !shown.Suspended || shown.Window.Start != "02:00" || shown.Backup.Prefix != "i70000-1" || shown.Cost == nil || shown.Cost.All < 0.1 ||
		len(shown.Restores) != 1 || shown.Restores[0].By != "otto" || shown.Restores[0].Time.Month() != time.November {
		t.Errorf("%+v", shown)
	}
}

// makes has an instance and a channel made and changed, and the instance deleted.
func makes(t *testing.T, c client.Client, d desk) {
	t.Helper()
	for _, r := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/api/instances", `{"customer":"New Ltd"}`, 422, "cannot be the name"},
		{"POST", "/api/instances", `{"name":"a.b","customer":"New Ltd"}`, 422, "cannot be the name"},
		{"POST", "/api/instances", `{"name":"i70009","customer":"New Ltd","image":"tako:1"}`, 422, "spec.hosts"},
		{"POST", "/api/instances", `{"name":"i70009","customer":"New Ltd","hosts":["new.example.com"]}`, 422, "either a channel to follow or an image"},
		{"POST", "/api/instances", `{"name":"i70009","customer":"New Ltd","hosts":["new.example.com"],"image":"tako:1","storage":{"prefix":"of-another"}}`, 400, "unknown field"},
		{"POST", "/api/instances", `{"name":"i70009","customer":"New Ltd","hosts":["new.example.com"],"image":"tako:1","hibernation":{"idleAfter":"2h"}}`, 200, `"deletionGrace":"168h"`},
		{"POST", "/api/instances", `{"name":"i70009","customer":"New Ltd","hosts":["new.example.com"],"image":"tako:1"}`, 409, "already exists"},
		{"POST", "/api/channels", `{"name":"early","image":"tako:8","waves":[5,50]}`, 422, "the last wave has 100 per cent"},
		{"POST", "/api/channels", `{"image":"tako:8"}`, 422, "name"},
		{"POST", "/api/channels", `{"name":"early","image":"tako:8"}`, 200, `"waves":[5,25,100]`},
		{"PATCH", "/api/channels/early", `{"image":"tako:9","soak":"1h"}`, 200, `"soak":"1h"`},
		{"PATCH", "/api/channels/nobody", `{"image":"tako:9"}`, 404, "not found"},
		{"GET", "/api/channels", "", 200, `"image":"tako:9"`},
		{"GET", "/api/versions", "", 200, `{"image":"tako:9","instances":0,"channels":["early"]}`},
		{"GET", "/api/versions", "", 200, `{"image":"tako:1","instances":1}`},
	} {
		if text := d.ask("do", r.method, r.path, r.body, r.status, nil); !strings.Contains(text, r.says) {
			t.Errorf("%s %s %s: %s", r.method, r.path, r.body, text)
		}
	}
	var made cloud.Instance
	if err := c.Get(t.Context(), types.NamespacedName{Name: "i70009"}, &made); err != nil {
		t.Fatal(err)
	}
	if s := made.Spec; s.TaskCap != 5 || s.Hibernation.IdleAfter.Duration != 2*time.Hour || s.Storage.KeepBackups.Duration != 168*time.Hour || made.Annotations["cloud.tako.dev/asked-by"] != "otto" {
		t.Errorf("%+v", made)
	}
	d.ask("do", "DELETE", "/api/instances/i70009", "", 200, nil)
	d.ask("do", "DELETE", "/api/instances/i70009", "", 404, nil)
	if err := c.Delete(t.Context(), &cloud.Channel{ObjectMeta: metav1.ObjectMeta{Name: "early"}}); err != nil {
		t.Error(err)
	}
}

// audited wants each thing that was asked for, also what the cluster refused, and
// by whom.
func audited(t *testing.T, d desk) {
	t.Helper()
	var trail struct{ Items []control.Entry }
	d.ask("see", "GET", "/api/audit?day=2026-11-27", "", 200, &trail)
	did := map[string]int{}
	for n, e := range trail.Items {
		did[e.User+" "+e.Did+" "+e.Instance+e.Channel]++
		if n > 0 && e.Time.Before(trail.Items[n-1].Time) {
			t.Errorf("the audit is not in order: %+v", trail.Items)
		}
	}
	want := map[string]int{"otto change i70000": 6, "otto restore i70000": 2, "otto create i70009": 4, "otto delete i70009": 1,
		"otto create channel early": 2, "otto create channel ": 1, "otto change channel early": 1}
	if difference := cmp.Diff(want, did); difference != "" {
		t.Error(difference)
	}
}
