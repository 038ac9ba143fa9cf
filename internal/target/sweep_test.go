package target

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/kube"
)

// TestSweptPods are those that nobody comes back to: what ran for a server whose last
// moments are lost ends soon after its task, and what nobody knows the task of.
func TestSweptPods(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		phase string
		made  time.Duration // ago
		ended time.Duration // ago; 0 for not yet
		known bool
		gone  bool
	}{
		"of a task that runs":                         {"Running", time.Hour, 0, true, false},
		"of a task that runs, over":                   {"Succeeded", time.Hour, 0, true, false},
		"of a task that has just ended":               {"Running", time.Hour, 10 * time.Second, true, false},
		"that still runs":                             {"Running", time.Hour, 2 * time.Minute, true, true},
		"that still waits":                            {"Pending", time.Hour, 2 * time.Minute, true, true},
		"over, which says that its ticket has run":    {"Succeeded", time.Hour, 2 * time.Minute, true, false},
		"that failed, which says the same":            {"Failed", time.Hour, 2 * time.Minute, true, false},
		"over for long":                               {"Succeeded", time.Hour, 20 * time.Minute, true, true},
		"of a task that nobody knows":                 {"Running", 11 * time.Minute, 0, false, true},
		"of a task that nobody knows, over":           {"Succeeded", 11 * time.Minute, 0, false, true},
		"of a task that another server may have made": {"Running", time.Minute, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			gone := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Query().Get("labelSelector"), LabelWorker+"="):
					fmt.Fprintf(w, `{"items":[{"metadata":{"name":"tako-1","uid":"u1","creationTimestamp":%q,"labels":{%q:"ServerTasks-7"}},"status":{"phase":%q}}]}`,
						now.Add(-test.made).UTC().Format(time.RFC3339), LabelTask, test.phase)
				case r.Method == http.MethodDelete:
					gone = path.Base(r.URL.Path)
					fmt.Fprint(w, `{}`)
				default:
					t.Errorf("%s %s", r.Method, r.URL)
				}
			}))
			defer server.Close()
			pods := &Pods{Cluster: &kube.Cluster{Address: server.URL, Namespace: "tako-acme"}, Instance: "i1"}
			err := pods.Sweep(t.Context(), func(task string) (time.Time, bool, error) {
				if task != "ServerTasks-7" {
					t.Errorf("asked about %q", task)
				}
				if test.ended == 0 {
					return time.Time{}, test.known, nil
				}
				return now.Add(-test.ended), test.known, nil
			})
			if err != nil || (gone == "tako-1") != test.gone {
				t.Errorf("deleted %q: %v", gone, err)
			}
		})
	}
}
