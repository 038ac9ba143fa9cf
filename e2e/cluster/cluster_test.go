package cluster

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

const space = "/api/Spaces-1"

type object = rest.Object

// cluster is nodes that share a database, a master key and a folder of
// packages, and nothing else.
type cluster struct {
	*testing.T
	pg     *postgres
	dir    string
	effect string // where scripts leave what they have done
	pace   string // how long they rest between lines, in seconds
	env    []string
	nodes  []*node
	turn   int
	full   bool // the nodes have more to do than they have places

	dev, lifecycle, group, feed string
}

// newCluster starts n nodes at once on an empty database. settings are
// "NAME=value" of every node's environment.
func newCluster(t *testing.T, n int, settings ...string) *cluster {
	t.Helper()
	return newClusterOf(t, program(t), n, settings...)
}

// newClusterOf starts nodes of a certain program.
func newClusterOf(t *testing.T, path string, n int, settings ...string) *cluster {
	t.Helper()
	return newClusterOn(t, newPostgres(t), path, n, settings...)
}

// newClusterOn starts nodes on a certain database.
func newClusterOn(t *testing.T, pg *postgres, path string, n int, settings ...string) *cluster {
	t.Helper()
	// Workers may still write while they leave, so the folder is not the
	// test's own, whose removal must succeed.
	dir, err := os.MkdirTemp("", "tako-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{T: t, pg: pg, dir: dir, effect: filepath.Join(dir, "effect"), pace: "0.1"}
	if err := os.Mkdir(c.effect, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endAll(t, dir)
		os.RemoveAll(dir)
	})
	key := "API-" + strings.ToUpper(fmt.Sprintf("%x", string(secret.NewToken())[:16]))
	c.env = append([]string{
		"DB_CONNECTION_STRING=" + c.pg.url(), "MASTER_KEY=" + string(secret.NewKey().Text()), "TAKO_BLOB_STORE=" + filepath.Join(dir, "blobs"),
		"ADMIN_USERNAME=admin", "ADMIN_PASSWORD=Pass-" + string(secret.NewToken()), "ADMIN_API_KEY=" + key, "TAKO_LOG_LEVEL=info",
	}, settings...)
	for i := range n {
		m := c.newNode(fmt.Sprintf("node-%d", i+1), path, key)
		c.nodes = append(c.nodes, m)
		m.launch()
		t.Cleanup(m.stop)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, m := range c.nodes {
				t.Logf("%s: %s", m.name, m.tail())
			}
		}
	})
	for _, m := range c.nodes {
		m.ready()
	}
	return c
}

// next is a node that can answer, each in its turn.
func (c *cluster) next() *node {
	for range c.nodes {
		c.turn++
		if n := c.nodes[c.turn%len(c.nodes)]; !n.Gone() && !n.still {
			return n
		}
	}
	c.Fatal("no node is left")
	return nil
}

// do sends a request to one node after the other, until one answers: this is
// what a load balancer does for clients that try again.
func (c *cluster) do(method, path string, body, out any) {
	c.Helper()
	var err error
	c.until(fmt.Sprintf("an answer to %s %s", method, path), 40*time.Second, func() bool {
		err = c.next().Do(method, path, body, out)
		var answer *rest.Error
		return err == nil || errors.As(err, &answer) && answer.Status != http.StatusServiceUnavailable
	})
	if err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) get(path string) (o object) {
	c.Helper()
	c.do("GET", path, nil, &o)
	return o
}

func (c *cluster) post(path string, body any) (o object) {
	c.Helper()
	c.do("POST", path, body, &o)
	return o
}

func id(o object) string {
	s, _ := o["Id"].(string)
	return s
}

func objects(v any) (all []object) {
	list, _ := v.([]any)
	for _, item := range list {
		if o, ok := item.(object); ok {
			all = append(all, o)
		}
	}
	return all
}

// furnish makes what projects need, and n targets behind SSH servers, in pairs.
func (c *cluster) furnish(n int) {
	c.Helper()
	c.dev = id(c.post(space+"/environments", object{"Name": "Development"}))
	c.lifecycle = id(c.post(space+"/lifecycles", object{"Name": "One step", "Phases": []object{{"Name": "Development", "OptionalDeploymentTargets": []string{c.dev}}}}))
	c.group = id(objects(c.get(space + "/projectgroups?take=1")["Items"])[0])
	c.feed = id(objects(c.get(space + "/feeds?feedType=BuiltIn&take=1")["Items"])[0])
	if n == 0 {
		return
	}
	for i, s := range sshdtest.New(c.T, n) {
		c.Cleanup(func() { endAll(c.T, s.Dir) })
		name := fmt.Sprintf("web-%d", i+1)
		key := object{"HasValue": true, "NewValue": base64.StdEncoding.EncodeToString([]byte(s.PrivateKey))}
		account := id(c.post(space+"/accounts", object{"Name": name, "AccountType": "SshKeyPair", "Username": s.User, "PrivateKeyFile": key}))
		c.post(space+"/machines", object{"Name": name, "Roles": []string{"web", fmt.Sprintf("pair-%d", i/2+1)}, "EnvironmentIds": []string{c.dev}, "Endpoint": object{
			"CommunicationStyle": "Ssh", "AccountId": account, "Host": s.Host, "Port": s.Port, "Fingerprint": s.Fingerprint, "DotNetCorePlatform": "linux-x64"}})
	}
}

// script is a step with a bash script on the built-in worker, or on the
// targets with a role.
func script(name, body, role string) object {
	of := object{}
	if role != "" {
		of["Octopus.Action.TargetRoles"] = role
	}
	return object{"Name": name, "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Properties": of, "Actions": []object{{
		"Name": name, "ActionType": "Octopus.Script", "Properties": object{
			"Octopus.Action.RunOnServer": fmt.Sprint(role == ""), "Octopus.Action.Script.ScriptSource": "Inline",
			"Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": body,
		}}}}
}

// project makes a project and a release of it.
func (c *cluster) project(name string, steps ...object) string {
	c.Helper()
	p := id(c.post(space+"/projects", object{"Name": name, "ProjectGroupId": c.group, "LifecycleId": c.lifecycle}))
	path := space + "/projects/" + p + "/deploymentprocesses"
	process := c.get(path)
	process["Steps"] = steps
	c.do("PUT", path, process, nil)
	path = space + "/variables/variableset-" + p
	set := c.get(path)
	// Scripts of different projects may use a target at the same time.
	set["Variables"] = []object{{"Name": "OctopusBypassDeploymentMutex", "Value": "True", "Type": "String", "Scope": object{}}}
	c.do("PUT", path, set, nil)
	c.post(space+"/releases/create/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": name, "ReleaseVersion": "1.0.0"})
	return p
}

// deploy deploys a project's release and gives the task.
func (c *cluster) deploy(project string) string {
	c.Helper()
	tasks := objects(c.post(space+"/deployments/create/untenanted/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": project,
		"ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Development"}})["DeploymentServerTasks"])
	if len(tasks) != 1 {
		c.Fatalf("%d tasks were made instead of one", len(tasks))
	}
	task, _ := tasks[0]["ServerTaskId"].(string)
	return task
}

// wait waits for the end of a task and checks how it ended.
func (c *cluster) wait(task, state string, patience time.Duration) {
	c.Helper()
	var t object
	c.until("the end of "+task, patience, func() bool {
		t = c.get("/api/tasks/" + task)
		return t["IsCompleted"] == true
	})
	if t["State"] != state {
		c.Errorf("%s ended as %v instead of %s: %v", task, t["State"], state, t["ErrorMessage"])
	}
}

// raw gives a task's log as text.
func (c *cluster) raw(task string) (log string) {
	c.Helper()
	c.do("GET", "/api/tasks/"+task+"/raw", nil, &log)
	return log
}
