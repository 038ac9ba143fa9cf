package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// large is how much there is in the space of the scale part.
type large struct {
	projects, environments, tenants, releases, deployments, machines int
}

// sampleVersion is that of the releases that are multiplied; it occurs in nothing
// else.
const sampleVersion = "777.0.0"

// phases is how many environments a lifecycle has, one to a phase.
const phases = 5

// spaceIDs are what the API has made of it, in order.
type spaceIDs struct {
	environments, lifecycles, projects, channels, tenants, machines, releases []string
	served                                                                    [][]int // by project, the numbers of its tenants
	first                                                                     rest.Object
	firstTenanted                                                             rest.Object
}

// each calls f for 0 to n-1, eight at once, until one fails.
func each(n int, f func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// make creates as many as n of something.
func (t *tako) make(n int, collection string, body func(i int) rest.Object) ([]string, error) {
	made := make([]string, n)
	err := each(n, func(i int) error {
		o, err := t.c.Post(space+"/"+collection, body(i))
		made[i] = id(o)
		return err
	})
	return made, err
}

// furnish makes what a space has but for its history: of that, one release of
// each project, and two deployments that have run.
func (t *tako) furnish(l large) (s spaceIDs, err error) {
	if s.environments, err = t.make(l.environments, "environments", func(i int) rest.Object { return rest.Object{"Name": fmt.Sprintf("Place %03d", i)} }); err != nil {
		return s, err
	}
	s.lifecycles, err = t.make(max(1, l.environments/phases), "lifecycles", func(i int) rest.Object {
		var all []rest.Object
		for p := range phases {
			all = append(all, rest.Object{"Name": fmt.Sprintf("Phase %d", p), "OptionalDeploymentTargets": []string{s.place(i, p)}})
		}
		return rest.Object{"Name": fmt.Sprintf("Line %02d", i), "Phases": all}
	})
	if err != nil {
		return s, err
	}
	if err := t.furnishProjects(l, &s); err != nil {
		return s, err
	}
	s.machines, err = t.make(l.machines, "machines", func(i int) rest.Object {
		return rest.Object{"Name": fmt.Sprintf("Machine %04d", i), "Roles": []string{fmt.Sprintf("role-%d", i%20)}, "EnvironmentIds": []string{s.environments[i%len(s.environments)]},
			"Endpoint": rest.Object{"CommunicationStyle": "None"}}
	})
	if err != nil {
		return s, err
	}
	if s.releases, err = t.make(l.projects, "releases", func(i int) rest.Object { return rest.Object{"ProjectId": s.projects[i], "Version": sampleVersion} }); err != nil {
		return s, err
	}
	if s.first, err = t.deployed(rest.Object{"ReleaseId": s.releases[0], "EnvironmentId": s.place(0, 0)}); err != nil {
		return s, err
	}
	if err := t.colour(&s); err != nil {
		return s, err
	}
	s.firstTenanted, err = t.deployed(rest.Object{"ReleaseId": s.releases[0], "EnvironmentId": s.place(0, 0), "TenantId": s.tenants[s.served[0][0]]})
	return s, err
}

// place is the environment of a phase of a project, or of a lifecycle.
func (s *spaceIDs) place(project, phase int) string {
	return s.environments[(project*phases+phase)%len(s.environments)]
}

func (t *tako) furnishProjects(l large, s *spaceIDs) (err error) {
	group, err := t.first(space + "/projectgroups?take=1")
	if err != nil {
		return err
	}
	s.projects, err = t.make(l.projects, "projects", func(i int) rest.Object {
		return rest.Object{"Name": fmt.Sprintf("Project %03d", i), "ProjectGroupId": id(group), "LifecycleId": s.lifecycles[i%len(s.lifecycles)], "TenantedDeploymentMode": "TenantedOrUntenanted",
			"Templates": []rest.Object{{"Name": "Colour", "Label": "Colour", "DisplaySettings": rest.Object{"Octopus.ControlType": "SingleLineText"}}}}
	})
	if err != nil {
		return err
	}
	s.channels = make([]string, l.projects)
	err = each(l.projects, func(i int) error {
		channel, err := t.first(space + "/projects/" + s.projects[i] + "/channels")
		if err != nil {
			return err
		}
		s.channels[i] = id(channel)
		process, err := t.c.Get(space + "/projects/" + s.projects[i] + "/deploymentprocesses")
		if err != nil {
			return err
		}
		process["Steps"] = []rest.Object{{"Name": "Say", "Actions": []rest.Object{scriptAction("Say", "echo said")}}}
		if _, err = t.c.Put(space+"/projects/"+s.projects[i]+"/deploymentprocesses", process); err != nil {
			return err
		}
		set, err := t.c.Get(space + "/projects/" + s.projects[i] + "/variables")
		if err != nil {
			return err
		}
		var variables []rest.Object
		for v := range 10 {
			variables = append(variables, rest.Object{"Name": fmt.Sprintf("Value%d", v), "Value": fmt.Sprint(v), "Scope": rest.Object{"Environment": []string{s.place(i, v%phases)}}})
		}
		set["Variables"] = variables
		_, err = t.c.Put(space+"/projects/"+s.projects[i]+"/variables", set)
		return err
	})
	if err != nil {
		return err
	}
	return t.furnishTenants(l, s)
}

// furnishTenants gives each tenant five projects, in two environments each.
func (t *tako) furnishTenants(l large, s *spaceIDs) (err error) {
	s.served = make([][]int, l.projects)
	linked := func(tenant, n int) int { return (tenant + n*101) % l.projects }
	for i := range l.tenants {
		for n := range 5 {
			p := linked(i, n)
			s.served[p] = append(s.served[p], i)
		}
	}
	s.tenants, err = t.make(l.tenants, "tenants", func(i int) rest.Object {
		links := map[string][]string{}
		for n := range 5 {
			p := linked(i, n)
			links[s.projects[p]] = []string{s.place(p, 0), s.place(p, 1)}
		}
		return rest.Object{"Name": fmt.Sprintf("Tenant %04d", i), "ProjectEnvironments": links}
	})
	return err
}

// colour gives the first tenant the value without which it cannot be deployed to.
func (t *tako) colour(s *spaceIDs) error {
	at := space + "/tenants/" + s.tenants[s.served[0][0]] + "/variables"
	values, err := t.c.Get(at)
	if err != nil {
		return err
	}
	projects, _ := values["ProjectVariables"].(rest.Object)
	project, _ := projects[s.projects[0]].(rest.Object)
	templates, _ := project["Templates"].([]any)
	variables, _ := project["Variables"].(rest.Object)
	if len(templates) == 0 || variables == nil {
		return fmt.Errorf("%s has no templates", at)
	}
	template, _ := templates[0].(rest.Object)
	variables[s.place(0, 0)] = rest.Object{id(template): "blue"}
	_, err = t.c.Put(at, values)
	return err
}

// deployed deploys and waits for the end.
func (t *tako) deployed(body rest.Object) (rest.Object, error) {
	d, err := t.c.Post(space+"/deployments", body)
	if err != nil {
		return nil, err
	}
	task, _ := d["TaskId"].(string)
	return d, t.done(task, time.Minute)
}
