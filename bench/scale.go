package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// scale measures what people look at in a space that has grown for years.
func (b *bench) scale() ([]row, error) {
	l := large{projects: 500 / b.shrink, environments: 50, tenants: 2000 / b.shrink, releases: 12_000 / b.shrink, deployments: 100_000 / b.shrink, machines: 3000 / b.shrink}
	all := []row{inform("projects, environments, tenants, releases, deployments, machines", fmt.Sprintf("%d, %d, %d, %d, %d, %d", l.projects, l.environments, l.tenants, l.releases, l.deployments, l.machines), "")}
	engines := []string{""}
	if at := os.Getenv("TAKO_TEST_POSTGRES"); at != "" {
		engines = append(engines, at)
	}
	for i, at := range engines {
		name := []string{"SQLite", "PostgreSQL"}[i]
		rows, err := b.scaleOn(name, at, l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

func (b *bench) scaleOn(name, at string, l large) ([]row, error) {
	t, s, err := b.grown(name, at, l)
	if err != nil {
		return nil, err
	}
	if err := t.up(); err != nil {
		return nil, err
	}
	if err := t.counted(l); err != nil {
		return nil, err
	}
	var rows []row
	for _, look := range looks(s) {
		before := fineCPU(t.pid())
		m, err := b.look(t, look)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", look.what, err)
		}
		cost := (fineCPU(t.pid()) - before) / time.Duration(m.count)
		r := atMost(name+": "+look.what, "ms", milliseconds(m.last), 200)
		r.ours = fmt.Sprintf("p99 %s ms, p50 %s ms, %s ms of processor, %d bytes", number(milliseconds(m.last)), number(milliseconds(m.latency)), number(milliseconds(cost)), m.size)
		rows = append(rows, r)
		fmt.Fprintln(os.Stderr, r.what, r.ours)
	}
	t.stop()
	return rows, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// counted makes sure that the server has all that was multiplied.
func (t *tako) counted(l large) error {
	for at, want := range map[string]int{"releases": l.releases + l.projects, "deployments": l.deployments + 2, "tasks?name=Deploy": l.deployments + 2, "tenants": l.tenants, "machines": l.machines, "projects": l.projects} {
		page, err := t.c.Get(space + "/" + at)
		if err != nil {
			return err
		}
		if got, _ := page["TotalResults"].(float64); int(got) != want {
			return fmt.Errorf("there are %v %s, not %d", page["TotalResults"], at, want)
		}
	}
	return nil
}

// look is something that people ask for again and again.
type look struct {
	what, method string
	path         func(n int) string // for the n-th time
	body         func(n int) rest.Object
}

func looks(s *spaceIDs) []look {
	get := func(what, path string, of ...[]string) look {
		return look{what: what, method: "GET", path: func(n int) string {
			args := make([]any, len(of))
			for i, ids := range of {
				args[i] = ids[n*(7+i*2)%len(ids)]
			}
			return fmt.Sprintf(path, args...)
		}}
	}
	deployable := slices.Clone(s.releases)
	all := []look{
		get("dashboard", "/dashboard"),
		get("dashboard of a project", "/dashboard/dynamic?projects=%s", s.projects),
		get("projects, a page", "/projects?take=30"),
		get("project", "/projects/%s", s.projects),
		get("progression of a project", "/projects/%s/progression", s.projects),
		get("summary of a project", "/projects/%s/summary", s.projects),
		get("releases of a project", "/projects/%s/releases?take=30", s.projects),
		get("progression of a release", "/releases/%s/progression", deployable),
		get("tasks, a page", "/tasks?take=30"),
		get("tasks, the last page", "/tasks?take=30&skip=90000"),
		get("tasks of a project", "/tasks?take=30&project=%s", s.projects),
		get("tasks of a tenant", "/tasks?take=30&tenant=%s", s.tenants),
		get("tasks of an environment", "/tasks?take=30&environment=%s", s.environments),
		get("tasks that have failed", "/tasks?take=30&states=Failed"),
		get("tasks that run", "/tasks?take=30&active=true"),
		get("tenants, a page", "/tenants?take=30"),
		get("tenants of a project", "/tenants?take=30&projectId=%s", s.projects),
		get("tenants by a part of the name", "/tenants?take=30&partialName=Tenant 1"),
		get("tenant", "/tenants/%s", s.tenants),
		get("variables of a tenant", "/tenants/%s/variables", s.tenants),
		get("missing variables of a tenant", "/tenants/variables-missing?tenantId=%s", s.tenants),
		get("missing variables of a project", "/tenants/variables-missing?projectId=%s", s.projects),
		get("missing variables of all tenants", "/tenants/variables-missing"),
		get("template of a release", "/projects/%s/deploymentprocesses/template", s.projects),
		{what: "create a release", method: "POST", path: func(int) string { return "/releases" }, body: func(n int) rest.Object {
			return rest.Object{"ProjectId": s.projects[n*7%len(s.projects)], "Version": fmt.Sprintf("9.0.%d", n)}
		}},
		get("template of a deployment", "/releases/%s/deployments/template", s.releases),
		{what: "preview of a deployment", method: "GET", path: func(n int) string {
			i := n * 7 % len(s.releases)
			return "/releases/" + s.releases[i] + "/deployments/preview/" + s.place(i, 0)
		}},
		get("deployments, a page", "/deployments?take=30"),
		get("deployments of a project", "/deployments?take=30&projects=%s", s.projects),
		get("deployments of an environment", "/deployments?take=30&environments=%s", s.environments),
		get("deployments of a tenant", "/deployments?take=30&tenants=%s", s.tenants),
		get("machines, a page", "/machines?take=30"),
		get("machines of an environment", "/machines?take=30&environmentIds=%s", s.environments),
		get("environments with their targets", "/environments/summary"),
		get("events, a page", "/events?take=30"),
		get("events of a project", "/events?take=30&regarding=%s", s.projects),
		get("events of a tenant", "/events?take=30&regarding=%s", s.tenants),
		get("events of a category", "/events?take=30&eventCategories=DeploymentFailed"),
	}
	return all
}

// look asks for the same over eight connections.
func (b *bench) look(t *tako, l look) (answered, error) {
	header := "X-Octopus-ApiKey: " + t.key
	return burst{addr: t.addr, conns: 8, lasts: b.load, request: func(conn, n int) []byte {
		n = n*8 + conn
		body := ""
		if l.body != nil {
			data, err := json.Marshal(l.body(n))
			if err != nil {
				panic(err) // texts and numbers
			}
			body = string(data)
		}
		return request(l.method, t.addr, strings.ReplaceAll(space+l.path(n), " ", "%20"), header, body)
	}}.run()
}
