package api

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	machines := a.crudOf(catalog.Machines)
	return []Route{
		{Method: "GET", Pattern: "S/machines", Handle: a.listMachines, Query: []string{"deploymentId", "isDisabled", "machinePartialName", "skip", "take"}, Summary: "List deployment targets", Answer: machines.info},
		{Method: "GET", Pattern: "S/machines/discover", Handle: a.discoverMachine, Query: []string{"host", "port", "proxyId", "type"}, Summary: "Look at what answers at an address", Answer: machines.info},
		{Method: "GET", Pattern: "S/machines/operatingsystem/names/all", Handle: a.machineValues(func(m *catalog.Machine) []string { return []string{m.OperatingSystem} }), Summary: "The operating systems of deployment targets"},
		{Method: "GET", Pattern: "S/machines/operatingsystem/shells/all", Handle: a.machineValues(func(m *catalog.Machine) []string { return []string{m.ShellName} }), Summary: "The shells of deployment targets"},
		{Method: "GET", Pattern: "S/machines/{id}/connection", Handle: a.machineConnection, Summary: "What the last health check found"},
		{Method: "GET", Pattern: "S/machineroles/all", Handle: a.machineValues(func(m *catalog.Machine) []string { return m.Roles }), Summary: "The target tags in use"},
	}
})

// machineQuery reads by what lists of targets and workers can be narrowed.
// Several values of one name mean any of them; several names mean all of them.
func machineQuery(r *Request, h *crud) kind.Query {
	q := h.query(r)
	delete(q.Match, "HealthStatus")
	if v := q.Match["Thumbprint"]; v != "" {
		q.Match["Thumbprint"] = strings.ToUpper(strings.NewReplacer(":", "", " ", "").Replace(v))
	}
	if r.Q("isDisabled") != "" {
		q.Match["IsDisabled"] = r.Q("isDisabled")
	}
	anyOf := func(name, sql string, same func(string) string) {
		var all []string
		var args []any
		for _, v := range r.List(name) {
			all, args = append(all, sql), append(args, same(v))
		}
		if len(all) > 0 {
			q.Where = append(q.Where, store.Where{SQL: strings.Join(all, " or "), Args: args})
		}
	}
	anyOf("healthStatuses", "lower(data ->> 'HealthStatus') = ?", strings.ToLower)
	anyOf("healthStatus", "lower(data ->> 'HealthStatus') = ?", strings.ToLower)
	anyOf("commStyles", "lower(data -> 'Endpoint' ->> 'CommunicationStyle') = ?", strings.ToLower)
	anyOf("deploymentTargetTypes", "lower(data -> 'Endpoint' ->> 'CommunicationStyle') = ?", styleOfType)
	anyOf("shellNames", "lower(data ->> 'ShellName') = ?", strings.ToLower)
	anyOf("roles", "lower(cast(data -> 'Roles' as text)) like ? escape '!'", holding)
	anyOf("tenantTags", "lower(cast(data -> 'TenantTags' as text)) like ? escape '!'", holding)
	if q.PartialName == "" {
		q.PartialName = r.Q("machinePartialName")
	}
	for member, name := range map[string]string{"EnvironmentIds": "environmentIds", "TenantIds": "tenantIds", "WorkerPoolIds": "workerPoolIds"} {
		if ids := r.List(name); len(ids) > 0 {
			if q.Refer == nil {
				q.Refer = map[string][]string{}
			}
			q.Refer[member] = ids
		}
	}
	return q
}

// styleOfType gives the way of communication that a type of target has. Cloud
// regions alone have a type of another name.
func styleOfType(kind string) string {
	if strings.EqualFold(kind, "CloudRegion") {
		return "none"
	}
	return strings.ToLower(kind)
}

// holding is the pattern of a JSON list that has a text among its elements.
func holding(text string) string {
	quoted, _ := json.Marshal(strings.ToLower(text))
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(string(quoted)) + "%"
}

func (a *API) listMachines(r *Request) (any, error) {
	h := a.crudOf(catalog.Machines)
	q := machineQuery(r, h)
	if id := r.Q("deploymentId"); id != "" {
		var d *catalog.Deployment
		err := r.View(func(tx *store.Tx) (err error) {
			d, err = catalog.Deployments.Find(tx, r.Space, id)
			return err
		})
		if err != nil {
			return nil, err
		}
		q.Where = append(q.Where, store.Where{SQL: "id in (select target from task_step where task = ?)", Args: []any{d.TaskID}})
	}
	return a.machinePage(r, h, q)
}

// machinePage answers a page of targets or workers.
func (a *API) machinePage(r *Request, h *crud, q kind.Query) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q.Skip, q.Take = skip, take
	return h.page(r, q)
}

// seenMachines lists the targets that the caller may see.
func (a *API) seenMachines(r *Request, q kind.Query) (seen []*catalog.Machine, err error) {
	h := a.crudOf(catalog.Machines)
	err = r.View(func(tx *store.Tx) error {
		all, _, err := catalog.Machines.List(tx, q)
		for _, m := range all {
			if h.maySee(r, m) {
				seen = append(seen, m)
			}
		}
		return err
	})
	return seen, err
}

// distinct gives texts once each, whatever their case, in order.
func distinct(texts []string) []string {
	slices.SortFunc(texts, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) })
	texts = slices.CompactFunc(texts, strings.EqualFold)
	return slices.DeleteFunc(append([]string{}, texts...), func(s string) bool { return s == "" })
}

// machineValues lists what the targets have, that the caller may see.
func (a *API) machineValues(of func(*catalog.Machine) []string) func(*Request) (any, error) {
	return func(r *Request) (any, error) {
		if !r.Rights.Anywhere(access.MachineView, r.Space) {
			return nil, r.Need("MachineView", At{})
		}
		all, err := a.seenMachines(r, kind.Query{Space: r.Space})
		var values []string
		for _, m := range all {
			values = append(values, of(m)...)
		}
		return distinct(values), err
	}
}

// findFor finds the resource of the path for somebody who may see
// it.
func findFor[T any](r *Request, k *kind.Kind[T]) (found *T, err error) {
	err = r.View(func(tx *store.Tx) error {
		if found, err = k.Find(tx, r.Space, r.Param("id")); err != nil {
			return err
		}
		return r.NeedFor(k.Permissions.View, k, found)
	})
	return found, err
}

// connectionStatus is what is known of the way to a machine.
type connectionStatus struct {
	MachineID              string `json:"MachineId"`
	Logs                   []*task.Element
	Status                 string
	CurrentTentacleVersion string
	LastChecked            *kind.Time
	Links                  map[string]string
}

func (a *API) machineConnection(r *Request) (any, error) {
	m, err := findFor(r, catalog.Machines)
	if err != nil {
		return nil, err
	}
	return a.connection(r, &m.Base, m.Name, &m.Condition)
}

func (a *API) connection(r *Request, b *kind.Base, name string, c *catalog.Condition) (any, error) {
	var last step.LastCheck
	err := r.View(func(tx *store.Tx) (err error) {
		last, err = step.LastCheckOf(tx, b.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	doc := connectionStatus{MachineID: b.ID, Status: c.Status, Logs: []*task.Element{}, Links: map[string]string{"Self": b.Links["Connection"], "Machine": b.Links["Self"]}}
	if v := c.Endpoint.TentacleVersionDetails; v != nil && v.Version != nil {
		doc.CurrentTentacleVersion = *v.Version
	}
	if last.Checked.IsZero() {
		return doc, nil
	}
	doc.LastChecked = &kind.Time{Time: last.Checked}
	if doc.Logs, err = a.lastHealthLog(r, b.ID, name); err != nil {
		return nil, err
	}
	return doc, nil
}

// healthLogLines is how much of a health check's log is shown.
const healthLogLines = 1000

// lastHealthLog gives what the last health check wrote about a machine.
func (a *API) lastHealthLog(r *Request, id, name string) ([]*task.Element, error) {
	about := []*task.Element{}
	ids, err := tasksOf(r, id, health.TaskName)
	if err != nil || len(ids) == 0 {
		return about, err
	}
	d, err := a.Tasks.Details(r.Context(), ids[0], healthLogLines, task.Narrow{})
	if fault.Is(err, fault.NotFound) {
		return about, nil
	}
	if err != nil {
		return nil, err
	}
	var find func(*task.Element)
	find = func(e *task.Element) {
		if e.Name == name {
			about = append(about, e)
			return
		}
		for _, c := range e.Children {
			find(c)
		}
	}
	find(d.Root)
	return about, nil
}

// mostTasks is how many tasks of a machine can be listed.
const mostTasks = 1000

// tasksOf lists the tasks in which a machine takes part or that name it, the
// newest first. The name of the tasks may be empty.
func tasksOf(r *Request, machine, name string) (ids []string, err error) {
	err = r.View(func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, `select id from task where space = $1 and ($2 = '' or name = $2)
			and (id in (select task from task_step where target = $3) or cast(arguments as text) like $4)
			order by num desc limit $5`, r.Space, name, machine, `%"`+machine+`"%`, mostTasks)
	})
	return ids, err
}
