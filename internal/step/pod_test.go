package step

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/kube/kubetest"
	"github.com/takodeploy/tako/internal/target"
)

// TestPodOutlivesTheServer lets a server die at each commit from the first on,
// in a cluster of its own kind, and another go on: it finds the job in its pod,
// or says that it is lost; it never runs it again.
func TestPodOutlivesTheServer(t *testing.T) {
	image, c := kubetest.WorkerImage(t), kubetest.New(t)
	for dieAt := range 3 {
		for _, deleted := range []bool{false, true} {
			t.Run(fmt.Sprintf("dies at %d, pod deleted %v", dieAt, deleted), func(t *testing.T) {
				t.Parallel()
				dir, err := os.MkdirTemp("", "step-pod-")
				if err == nil {
					err = os.Chmod(dir, 0o777)
				}
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.RemoveAll(dir) })
				manifest, err := target.ParsePodManifest(fmt.Appendf(nil, `{spec: {terminationGracePeriodSeconds: 1, volumes: [{name: gate, hostPath: {path: %[1]q}}],
					containers: [{image: %[2]q, volumeMounts: [{name: gate, mountPath: %[1]q}]}]}}`, dir, image))
				if err != nil {
					t.Fatal(err)
				}
				m := &Machines{Pods: &target.Pods{Cluster: c.Cluster, Manifest: manifest, Instance: "test"}}
				script := bash(fmt.Sprintf("echo run >> %[1]s/runs; while [ ! -e %[1]s/gate ]; do echo tick; sleep 0.2; done; echo two", dir))
				script.Tools = &Tools{}
				b := newBench(t, m)
				script.Ticket = fmt.Sprintf("pod-%d-%v", dieAt, deleted)
				b.dieAt = dieAt
				if _, err := runRemote(context.Background(), b.job(script, false), "script"); !errors.Is(err, errDied) {
					t.Fatalf("the first server ended with %v", err)
				}
				// Only what is noted may be begun.
				begun := strings.Contains(string(b.data), "pod:")
				if begun {
					b.until("the script runs", func() bool { _, err := os.Stat(filepath.Join(dir, "runs")); return err == nil })
				}
				if deleted {
					pod, err := c.Get(t.Context(), target.PodName(script.Ticket))
					if err == nil && pod != nil {
						err = c.Delete(t.Context(), pod.Metadata.Name, pod.Metadata.UID, 0)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				b.dieAt = -1
				write(t, filepath.Join(dir, "gate"), "")
				o, err := runRemote(context.Background(), b.job(script, true), "script")
				if err != nil {
					t.Fatal(err)
				}
				want := Succeeded
				if deleted && begun {
					want = Lost
				}
				if o.State != want {
					t.Errorf("it ended as %s: %s", o.State, o.Error)
				}
				if runs := read(t, filepath.Join(dir, "runs")); runs != "run\n" {
					t.Errorf("it ran %d times", strings.Count(runs, "\n"))
				}
				if o.Done != nil {
					o.Done(context.Background())
				}
			})
		}
	}
}

// until waits for a fact.
func (b *bench) until(what string, fact func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); !fact(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("it never came true that %s", what)
		}
	}
}
