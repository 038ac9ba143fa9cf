package main

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

const space = "/api/Spaces-1"

// tako is our server on a data folder.
type tako struct {
	*process
	c         *rest.Client
	data, key string
	bin       string
	database  string // of PostgreSQL; "" for the file

	environment string // that projects are deployed to

	took time.Duration // from exec to the first healthy answer
}

// newTako starts a server on an empty folder.
func (b *bench) newTako(name string) (*tako, error) { return b.newTakoOn(name, "") }

// newTakoOn starts one on a database of PostgreSQL; "" is the folder's own file.
func (b *bench) newTakoOn(name, database string) (*tako, error) {
	t := &tako{data: filepath.Join(b.dir, name), bin: b.bin, key: "API-" + random(), database: database}
	if err := os.MkdirAll(t.data, 0o700); err != nil {
		return nil, err
	}
	if err := t.up(); err != nil {
		return nil, err
	}
	b.later(func() { t.stop() })
	return t, nil
}

// up starts the server, on what an earlier one left if there was one.
func (t *tako) up() error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	env := []string{"ADMIN_USERNAME=admin", "ADMIN_PASSWORD=" + random(), "ADMIN_API_KEY=" + t.key, "TAKO_URL=http://" + addr, "TAKO_DATABASE=" + t.database}
	if t.process, t.took, err = launch(filepath.Join(t.data, "log"), addr, "/healthz", env, filepath.Join(t.bin, "tako"),
		"server", "--data", t.data, "--listen", addr, "--polling-listen", "off"); err != nil {
		return err
	}
	t.c = &rest.Client{URL: t.url, APIKey: t.key, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	return nil
}

func random() string {
	var b [20]byte
	_, _ = rand.Read(b[:])
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

func id(o rest.Object) string {
	s, _ := o["Id"].(string)
	return s
}

// first gives the first object of a list.
func (t *tako) first(path string) (rest.Object, error) {
	page, err := t.c.Get(path)
	if err != nil {
		return nil, err
	}
	items, _ := page["Items"].([]any)
	if len(items) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	o, _ := items[0].(rest.Object)
	return o, nil
}

// plan is a project that can be deployed.
type plan struct{ project, environment, release string }

// project makes a project of one step for the one environment.
func (t *tako) project(name string, properties, action rest.Object) (plan, error) {
	var p plan
	if t.environment == "" {
		e, err := t.c.Post(space+"/environments", rest.Object{"Name": "Bench"})
		if err != nil {
			return p, err
		}
		t.environment = id(e)
	}
	group, err := t.first(space + "/projectgroups?take=1")
	if err != nil {
		return p, err
	}
	lifecycle, err := t.first(space + "/lifecycles?take=1")
	if err != nil {
		return p, err
	}
	made, err := t.c.Post(space+"/projects", rest.Object{"Name": name, "ProjectGroupId": id(group), "LifecycleId": id(lifecycle)})
	if err != nil {
		return p, err
	}
	p.project, p.environment = id(made), t.environment
	// A project's newer deployments push aside the queued ones otherwise.
	made["CancelQueuedTasks"] = false
	if _, err := t.c.Put(space+"/projects/"+p.project, made); err != nil {
		return p, err
	}
	process, err := t.c.Get(space + "/projects/" + p.project + "/deploymentprocesses")
	if err != nil {
		return p, err
	}
	action["Name"] = name
	process["Steps"] = []rest.Object{{"Name": name, "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Properties": properties, "Actions": []rest.Object{action}}}
	_, err = t.c.Put(space+"/projects/"+p.project+"/deploymentprocesses", process)
	return p, err
}

// script makes a project whose only step runs a script on the server.
func (t *tako) script(name, body string) (plan, error) {
	p, err := t.project(name, rest.Object{}, scriptAction(name, body))
	if err != nil {
		return p, err
	}
	return p, t.release(&p, "1.0.0", nil)
}

// scriptAction is an action that runs a script on the server.
func scriptAction(name, body string) rest.Object {
	return rest.Object{"Name": name, "ActionType": "Octopus.Script", "Properties": rest.Object{
		"Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": body}}
}

// release makes a release of a plan's project.
func (t *tako) release(p *plan, version string, packages []rest.Object) error {
	body := rest.Object{"ProjectId": p.project, "Version": version}
	if packages != nil {
		body["SelectedPackages"] = packages
	}
	r, err := t.c.Post(space+"/releases", body)
	p.release = id(r)
	return err
}

// deploy begins a deployment and gives its task.
func (t *tako) deploy(p plan) (task string, err error) {
	d, err := t.c.Post(space+"/deployments", rest.Object{"ReleaseId": p.release, "EnvironmentId": p.environment})
	if err != nil {
		return "", err
	}
	task, _ = d["TaskId"].(string)
	return task, nil
}

// rest waits until no task is left to be done. It asks for all of them at once,
// and the more are left the later it asks again: asking must not be what is
// measured.
func (t *tako) rest(patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; {
		page, err := t.c.Get(space + "/tasks?active=true&take=1")
		if err != nil {
			return err
		}
		left, _ := page["TotalResults"].(float64)
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%v tasks are left after %s", left, patience)
		}
		time.Sleep(time.Duration(max(1, left/2) * float64(time.Millisecond)))
	}
}

// node changes a setting of the server's node: how many tasks it takes at once,
// or whether it takes any.
func (t *tako) node(setting string, to any) error {
	node, err := t.first("/api/octopusservernodes")
	if err != nil {
		return err
	}
	node[setting] = to
	_, err = t.c.Put("/api/octopusservernodes/"+id(node), node)
	return err
}

// done waits for the end of a task, which must be a success.
func (t *tako) done(task string, patience time.Duration) error {
	for deadline, pause := time.Now().Add(patience), time.Millisecond; ; time.Sleep(pause) {
		pause = min(pause*5/4, 25*time.Millisecond) // asking must not be what is measured
		o, err := t.c.Get("/api/tasks/" + task)
		if err != nil {
			return err
		}
		if o["IsCompleted"] == true {
			if o["FinishedSuccessfully"] == true {
				return nil
			}
			var log string
			_ = t.c.Do("GET", "/api/tasks/"+task+"/raw", nil, &log)
			return fmt.Errorf("%s ended as %v: %v\n%s", task, o["State"], o["ErrorMessage"], log)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is still %v after %s", task, o["State"], patience)
		}
	}
}
