package api

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	const at = "octopusservernodes"
	return []Route{
		{Method: "GET", Pattern: at, Handle: a.serverNodes, Permission: administer, Query: []string{"ids", "partialName", "skip", "take"}, Summary: "List the nodes of the cluster", Answer: pageOfAny{ServerNode{}}},
		{Method: "GET", Pattern: at + "/all", Handle: a.allServerNodes, Permission: administer, Query: []string{"ids", "partialName"}, Summary: "All nodes of the cluster", Answer: []ServerNode{}},
		{Method: "GET", Pattern: at + "/summary", Handle: a.clusterSummary, Permission: administer, Summary: "The nodes of the cluster and how busy they are", Answer: clusterSummary{}},
		{Method: "GET", Pattern: at + "/{id}", Handle: a.serverNode, Permission: administer, Summary: "Get a node of the cluster", Answer: ServerNode{}},
		{Method: "GET", Pattern: at + "/{id}/details", Handle: a.serverNodeDetails, Permission: administer, Summary: "What a node of the cluster is doing", Answer: serverNodeDetails{}},
		{Method: "PUT", Pattern: at + "/{id}", Handle: a.changeServerNode, Permission: administer, Summary: "Drain a node of the cluster, or change how much it does at once", Body: ServerNode{}, Answer: ServerNode{}},
		{Method: "DELETE", Pattern: at + "/{id}", Handle: a.forgetServerNode, Permission: administer, Summary: "Remove a node that is not there any more"},
	}
})

// administer is the permission to run the installation itself.
const administer = "AdministerSystem"

// ServerNode is one server of the cluster. One that is in maintenance mode is
// drained: it finishes what it has and takes no new tasks, but answers requests.
type ServerNode struct {
	ID                  string `json:"Id"`
	Name                string
	LastSeen            time.Time
	Rank                string
	IsOffline           bool
	MaxConcurrentTasks  int
	IsInMaintenanceMode bool
	Links               map[string]string
}

// busyNode is a node in the summary, with what it does now.
type busyNode struct {
	ServerNode
	StartedTime      time.Time
	RunningTaskCount int
}

type clusterSummary struct {
	Nodes           []busyNode
	QueuedTaskCount int
	Links           map[string]string
}

type serverNodeDetails struct {
	ServerNode
	StartedTime  time.Time
	RunningTasks []taskDocument
}

const nodePrefix = "OctopusServerNodes-"

func (a *API) nodeOf(n *task.Node) ServerNode {
	seen := time.UnixMilli(n.Seen).UTC()
	if n.Name == a.Node {
		seen = time.Now().UTC().Truncate(time.Millisecond) // it is what answers
	}
	id := nodePrefix + n.Name
	self := "/api/octopusservernodes/" + url.PathEscape(id)
	return ServerNode{
		ID: id, Name: n.Name, LastSeen: seen, Rank: "Leader", IsOffline: !n.Alive && n.Name != a.Node,
		MaxConcurrentTasks: n.Cap, IsInMaintenanceMode: n.Draining,
		Links: map[string]string{"Self": self, "Node": self, "Details": self + "/details", "ClusterSummary": "/api/octopusservernodes/summary",
			"RunningTasks": "/api/tasks?running=true&node=" + url.QueryEscape(n.Name)},
	}
}

// nodesOf lists the nodes that the request asks for.
func (a *API) nodesOf(r *Request) ([]task.Node, error) {
	all, err := a.Tasks.Nodes(r.Context())
	ids, part := r.List("ids"), strings.ToLower(r.Q("partialName"))
	return slices.DeleteFunc(all, func(n task.Node) bool {
		return len(ids) > 0 && !slices.Contains(ids, nodePrefix+n.Name) || !strings.Contains(strings.ToLower(n.Name), part)
	}), err
}

func (a *API) serverNodes(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	nodes, err := a.nodesOf(r)
	if err != nil {
		return nil, err
	}
	total := len(nodes)
	nodes = nodes[min(skip, total):]
	if take > 0 {
		nodes = nodes[:min(take, len(nodes))]
	}
	items := make([][]byte, len(nodes))
	for i := range nodes {
		if items[i], err = json.Marshal(a.nodeOf(&nodes[i])); err != nil {
			return nil, fmt.Errorf("encoding a node: %w", err)
		}
	}
	return r.PageOf("OctopusServerNode", items, total, skip, take), nil
}

func (a *API) allServerNodes(r *Request) (any, error) {
	nodes, err := a.nodesOf(r)
	list := []ServerNode{}
	for i := range nodes {
		list = append(list, a.nodeOf(&nodes[i]))
	}
	return list, err
}

// findNode finds a node by its id or name.
func (a *API) findNode(r *Request) (*task.Node, error) {
	nodes, err := a.Tasks.Nodes(r.Context())
	if err != nil {
		return nil, err
	}
	wanted := r.Param("id")
	for i := range nodes {
		if n := &nodes[i]; strings.EqualFold(wanted, n.Name) || strings.EqualFold(wanted, nodePrefix+n.Name) {
			return n, nil
		}
	}
	return nil, fault.New(fault.NotFound, "There is no node %s.", wanted)
}

func (a *API) serverNode(r *Request) (any, error) {
	n, err := a.findNode(r)
	if err != nil {
		return nil, err
	}
	return a.nodeOf(n), nil
}

func (a *API) clusterSummary(r *Request) (any, error) {
	nodes, err := a.Tasks.Nodes(r.Context())
	if err != nil {
		return nil, err
	}
	counts, err := a.Tasks.Count(r.Context())
	if err != nil {
		return nil, err
	}
	s := clusterSummary{Nodes: []busyNode{}, QueuedTaskCount: counts[task.Queued], Links: map[string]string{"Self": "/api/octopusservernodes/summary"}}
	for i := range nodes {
		n := &nodes[i]
		s.Nodes = append(s.Nodes, busyNode{a.nodeOf(n), time.UnixMilli(n.Since).UTC(), n.Active})
	}
	return s, nil
}

func (a *API) serverNodeDetails(r *Request) (any, error) {
	n, err := a.findNode(r)
	if err != nil {
		return nil, err
	}
	running, _, err := a.Tasks.List(r.Context(), task.Filter{Node: n.Name, Running: true, Take: 1000})
	if err != nil {
		return nil, err
	}
	d := serverNodeDetails{a.nodeOf(n), time.UnixMilli(n.Since).UTC(), []taskDocument{}}
	for _, t := range running {
		d.RunningTasks = append(d.RunningTasks, taskOf(t, time.Now()))
	}
	return d, nil
}

func (a *API) changeServerNode(r *Request) (any, error) {
	n, err := a.findNode(r)
	if err != nil {
		return nil, err
	}
	var body struct {
		Name                *string
		MaxConcurrentTasks  *int
		IsInMaintenanceMode *bool
	}
	if err := r.Read(&body); err != nil {
		return nil, err
	}
	var wrong fault.Complaints
	if body.Name != nil && *body.Name != n.Name {
		wrong.Add("Name is %q: a node is named by its setting node-name, and nowhere else.", *body.Name)
	}
	before := *n
	if body.MaxConcurrentTasks != nil {
		if n.Cap = *body.MaxConcurrentTasks; n.Cap < 1 || n.Cap > 1000 {
			wrong.Add("MaxConcurrentTasks is %d: give a number from 1 to 1000; to stop taking tasks, set IsInMaintenanceMode instead.", n.Cap)
		}
	}
	if body.IsInMaintenanceMode != nil {
		n.Draining = *body.IsInMaintenanceMode
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	e := store.Event{Category: "Modified", Document: nodePrefix + n.Name, Message: "Node " + n.Name + " was changed", Details: nodeChanges(&before, n)}
	if err := a.Tasks.SetNode(r.Context(), n.Name, n.Cap, n.Draining, func(tx *store.Tx) error { return tx.Append(&e) }); err != nil {
		return nil, err
	}
	return a.nodeOf(n), nil
}

// nodeChanges says what is different.
func nodeChanges(old, n *task.Node) (changes []store.Change) {
	add := func(path string, a, b any) {
		if a == b {
			return
		}
		was, _ := json.Marshal(a) // numbers and truth values cannot fail
		is, _ := json.Marshal(b)
		changes = append(changes, store.Change{Path: path, Old: was, New: is})
	}
	add("MaxConcurrentTasks", old.Cap, n.Cap)
	add("IsInMaintenanceMode", old.Draining, n.Draining)
	return changes
}

func (a *API) forgetServerNode(r *Request) (any, error) {
	n, err := a.findNode(r)
	if err != nil {
		return nil, err
	}
	e := store.Event{Category: "Deleted", Document: nodePrefix + n.Name, Message: "Node " + n.Name + " was removed"}
	return nil, a.Tasks.Forget(r.Context(), n.Name, func(tx *store.Tx) error { return tx.Append(&e) })
}
