package kubernetes

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// deployPackage uploads a package with a script in it and deploys that.
func (f *fleet) deployPackage(i *installed) {
	f.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("deploy.sh")
	if err == nil {
		_, err = w.Write([]byte("echo deployed from a package\n"))
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		_, err = i.Upload(space+"/packages/raw", "Web.1.0.0.zip", b.Bytes())
	}
	if err != nil {
		f.Fatal(err)
	}
	began := time.Now()
	i.process("Web", object{"Octopus.Action.RunOnServer": "True", "Octopus.Action.Script.ScriptSource": "Package", "Octopus.Action.Script.ScriptFileName": "deploy.sh"},
		object{"Name": "", "PackageId": "Web", "FeedId": "feeds-builtin", "AcquisitionLocation": "Server", "Properties": object{}})
	state, log := i.end(i.deploy("Web"))
	f.Logf("a package was deployed in %s", time.Since(began).Round(10*time.Millisecond))
	if state != "Success" || !strings.Contains(log, "deployed from a package") {
		f.Fatalf("it ended as %s:\n%s", state, log)
	}
}

// pids are the server's processes of an instance, of which the cluster's machine is
// this one.
func (f *fleet) pids(name string) (all []int) {
	f.Helper()
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, e := range environments {
		text, _ := os.ReadFile(e)
		if !bytes.Contains(text, []byte("TAKO_NODE_NAME="+name+"\x00")) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(e)))
		all = append(all, pid)
	}
	return all
}

func (f *fleet) murder(name string) {
	f.Helper()
	for _, pid := range f.pids(name) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone
	}
}

// bury removes the server's pod by force, and its volume with it.
func (f *fleet) bury(name string) {
	f.Helper()
	kubectl(f.T, "", "-n", "tako-"+name, "delete", "pod", "tako-0", "--grace-period=0", "--force", "--ignore-not-found")
}

// promised is a task that a server gave.
type promised struct {
	id string
	at time.Time
}

// deployer deploys on one instance, one deployment after another, and keeps which
// tasks it was promised, and when the server's pod was removed by force.
type deployer struct {
	*installed
	tasks []promised
	mu    sync.Mutex
	gone  []time.Time
}

func (d *deployer) run(stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		answer, err := d.Post(space+"/deployments/create/untenanted/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": fmt.Sprint("Steady ", n%3),
			"ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Development"}})
		if err != nil {
			time.Sleep(200 * time.Millisecond) // it is being started again
			continue
		}
		tasks, _ := answer["DeploymentServerTasks"].([]any)
		task, _ := tasks[0].(object)["ServerTaskId"].(string)
		d.tasks = append(d.tasks, promised{task, time.Now()})
		d.finish(task)
	}
}

// finish waits for the end of a task, however long Kubernetes waits before it starts
// a server again that was killed often; known is false where nobody knows the task.
func (d *deployer) finish(task string) (state, log string, known bool) {
	d.Helper()
	known = true
	d.until("the end of "+task, 10*time.Minute, func() bool {
		t, err := d.Get("/api/tasks/" + task)
		state, _ = t["State"].(string)
		var refused *rest.Error
		known = !errors.As(err, &refused) || refused.Status != http.StatusNotFound
		return !known || err == nil && t["IsCompleted"] == true
	})
	d.until("the log of "+task, 10*time.Minute, func() bool {
		return !known || d.Do("GET", "/api/tasks/"+task+"/raw", nil, &log) == nil
	})
	return state, log, known
}

// bereft says whether the server's pod and volume were taken away within so many
// seconds after a task was promised as may be lost then.
func (d *deployer) bereft(task promised) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.gone, func(at time.Time) bool {
		return at.After(task.at.Add(-5*time.Second)) && at.Before(task.at.Add(5*time.Second))
	})
}

// pods is how many pods ran scripts of a task.
func (f *fleet) pods(name, task string) int {
	f.Helper()
	return len(strings.Fields(kubectl(f.T, "", "-n", "tako-"+name, "get", "pods", "-l", "tako.dev/task="+task, "-o", "name")))
}

// kill kills servers at random while they deploy, for as long as
// TAKO_CLOUD_KILLS says, and wants no deployment lost and no script run twice. Where
// the volume goes with the pod, what was promised in the last seconds may be lost.
func (f *fleet) kill(names []string) {
	length, err := time.ParseDuration(os.Getenv("TAKO_CLOUD_KILLS"))
	if err != nil {
		length = 30 * time.Second
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	deployers := make([]*deployer, len(names))
	for n, name := range names {
		d := &deployer{installed: f.client(name)}
		deployers[n] = d
		for m := range 3 {
			d.project(fmt.Sprint("Steady ", m), "echo begun; sleep 1; echo finished")
		}
		all.Go(func() { d.run(stop) })
	}
	kills, removed := 0, 0
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(time.Duration(500+rand.IntN(3000)) * time.Millisecond) {
		n := rand.IntN(len(names))
		if rand.IntN(3) > 0 {
			f.murder(names[n])
			kills++
			continue
		}
		deployers[n].mu.Lock()
		deployers[n].gone = append(deployers[n].gone, time.Now())
		deployers[n].mu.Unlock()
		f.bury(names[n])
		removed++
	}
	close(stop)
	all.Wait()
	total, lost, twice := 0, 0, 0
	for n, d := range deployers {
		total += len(d.tasks)
		for _, task := range d.tasks {
			state, log, known := d.finish(task.id)
			switch {
			case !known && d.bereft(task):
				lost++
			case !known:
				f.Errorf("%s of %s is not known, and its volume was not taken away", task.id, names[n])
			case f.pods(names[n], task.id) > 1 && len(d.gone) > 0:
				twice++
			case f.pods(names[n], task.id) > 1:
				f.Errorf("%s of %s had several pods", task.id, names[n])
			case state != "Success" || strings.Count(log, "begun") != 1 || strings.Count(log, "finished") != 1:
				f.Errorf("%s of %s ended as %s:\n%s", task.id, names[n], state, log)
			}
		}
	}
	f.Logf("%d servers killed and %d pods removed by force, with their volumes, in %s: %d deployments on %d instances, %d lost with a volume, %d begun again after one", kills, removed, length, total, len(names), lost, twice)
	if kills+removed == 0 || total == 0 {
		f.Error("nothing was tried")
	}
}

// write makes environments until told to stop, and gives when each was asked for
// and when it was there.
func (f *fleet) write(i *installed, stop <-chan struct{}) (asked, there []time.Time) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return asked, there
		default:
		}
		at := time.Now()
		if _, err := i.Post(space+"/environments", object{"Name": fmt.Sprintf("w%05d", n)}); err != nil {
			return asked, there // the server was killed
		}
		asked, there = append(asked, at), append(there, time.Now())
	}
}

// written is which of the environments that write made an instance has.
func written(i *installed) map[string]bool {
	var all []object
	if err := i.Do("GET", space+"/environments/all", nil, &all); err != nil {
		i.Fatal(err)
	}
	has := map[string]bool{}
	for _, e := range all {
		if name, _ := e["Name"].(string); strings.HasPrefix(name, "w") {
			has[name] = true
		}
	}
	return has
}

// backup kills a server that is written to and takes its volume away, and looks
// what is missing when it is there again; then it goes back to a time in between.
func (f *fleet) backup(name string) {
	i := f.client(name)
	stop := make(chan struct{})
	var asked, there []time.Time
	var all sync.WaitGroup
	all.Go(func() { asked, there = f.write(i, stop) })
	time.Sleep(6 * time.Second) // so much is written
	died := time.Now()
	f.murder(name)
	f.bury(name)
	close(stop)
	all.Wait()
	f.served(name).Body.Close()
	f.Logf("killed and its volume gone: it serves again after %s", time.Since(died).Round(10*time.Millisecond))
	has := written(i)
	lost := time.Duration(0)
	for n, at := range there {
		if !has[fmt.Sprintf("w%05d", n)] {
			lost = max(lost, died.Sub(at))
		}
	}
	f.Logf("%d of %d writes are there; what was written in the last %s is not", len(has), len(there), lost.Round(time.Millisecond))
	if lost > 5*time.Second || len(has) == 0 {
		f.Errorf("too much is lost")
	}
	point := asked[len(asked)/2].Truncate(time.Second).Add(time.Second).UTC()
	f.restore(name, name+"-past", point)
	past := written(f.client(name + "-past"))
	last := time.Time{}
	for n := range there {
		switch e := fmt.Sprintf("w%05d", n); {
		case past[e] && n >= len(past):
			f.Errorf("%s is there, and one before it is not", e)
		case past[e] && asked[n].After(point):
			f.Errorf("%s was made %s after the time gone back to, and is there", e, asked[n].Sub(point))
		case past[e]:
			last = there[n]
		}
	}
	f.Logf("gone back to %s: %d of %d writes, all that were made until %s before", point.Format(time.TimeOnly), len(past), len(there), point.Sub(last).Round(time.Millisecond))
	if point.Sub(last) > 5*time.Second {
		f.Error("too much of what was there then is missing")
	}
}

// restore brings a new instance to what another was at a time.
func (f *fleet) restore(source, target string, at time.Time) {
	f.Helper()
	password, _ := f.keys.get(source)
	f.keys.put(target, password) // the people are those of the source
	began := time.Now()
	kubectl(f.T, fmt.Sprintf("apiVersion: cloud.tako.dev/v1alpha1\nkind: Restore\nmetadata: {name: %s}\nspec: {source: %s, target: %[1]s, hosts: [%[1]s.cloud.test], time: %[3]q}\n", target, source, at.Format(time.RFC3339)), "apply", "-f", "-")
	f.served(target).Body.Close()
	f.Logf("restored into a new instance after %s", time.Since(began).Round(10*time.Millisecond))
}

// status is where an instance or a channel is.
type status struct {
	Metadata struct{ Name string }
	Status   struct {
		Phase, Image, State, Message string
		Failed                       []string
		Conditions                   []struct{ Type, Status, Message string }
	}
}

func (f *fleet) get(kind, name string) (s status) {
	f.Helper()
	if err := json.Unmarshal([]byte(kubectl(f.T, "", "get", kind, name, "-o", "json")), &s); err != nil {
		f.Fatal(err)
	}
	return s
}

// bring gives the channel an image and waits until it has come to a state.
func (f *fleet) bring(image, state string) time.Duration {
	f.Helper()
	began := time.Now()
	kubectl(f.T, "", "patch", "channel", f.prefix, "--type=merge", "-p", fmt.Sprintf(`{"spec":{"image":%q}}`, image))
	kubectl(f.T, "", "wait", "channel/"+f.prefix, "--for=jsonpath={.status.image}="+image, "--timeout=60s")
	kubectl(f.T, "", "wait", "channel/"+f.prefix, "--for=jsonpath={.status.state}="+state, "--timeout=15m")
	return time.Since(began)
}

// run waits until all instances are ready with an image.
func (f *fleet) run(names []string, image string) {
	f.Helper()
	for _, n := range names {
		kubectl(f.T, "", "wait", "instance/"+n, "--for=jsonpath={.status.image}="+image, "--timeout=5m")
		kubectl(f.T, "", "wait", "instance/"+n, "--for=jsonpath={.status.phase}=Ready", "--timeout=5m")
	}
}

// upgrade brings all instances to another version while each of them deploys, and
// then a version that cannot run.
func (f *fleet) upgrade(names []string) {
	const slow = "Slow"
	clients, tasks := make([]*installed, len(names)), make([]string, len(names))
	for n, name := range names {
		i := f.client(name)
		i.project(slow, "echo begun; sleep 45; echo finished")
		clients[n] = i
	}
	for n, i := range clients {
		tasks[n] = i.deploy(slow)
	}
	for n, i := range clients {
		i.until("a script runs on "+names[n], 3*time.Minute, func() bool {
			var log string
			return i.Do("GET", "/api/tasks/"+tasks[n]+"/raw", nil, &log) == nil && strings.Contains(log, "begun")
		})
	}
	other := strings.TrimPrefix(f.image, "docker.io/library/") // the same by another name is another version
	if other == f.image {
		f.Skipf("there is no other name for %s", f.image)
	}
	took := f.bring(other, "Done")
	f.run(names, other)
	f.Logf("%d instances were brought to another version in 3 waves in %s, of which 9 s of soaking", len(names), took.Round(10*time.Millisecond))
	for n, i := range clients {
		state, log := i.end(tasks[n])
		if state != "Success" || strings.Count(log, "begun") != 1 || strings.Count(log, "finished") != 1 {
			f.Errorf("the deployment on %s ended as %s:\n%s", names[n], state, log)
		}
	}
	bad := strings.Replace(f.image, "/tako:", "/tako-worker:", 1)
	took = f.bring(bad, "Stopped")
	failed := f.get("channel", f.prefix).Status.Failed
	f.run(names, other)
	f.Logf("a version that does not run was stopped after %s with %d instances, and taken back", took.Round(10*time.Millisecond), len(failed))
	if most := (len(names)*10 + 99) / 100; len(failed) == 0 || len(failed) > most {
		f.Errorf("%d instances got the bad version, of %d in the first wave", len(failed), most)
	}
	for _, n := range names {
		f.served(n).Body.Close()
	}
}
