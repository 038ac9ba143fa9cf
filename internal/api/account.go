package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	info := catalog.Accounts.Info()
	return []Route{
		{Method: "GET", Pattern: "S/accounts", Handle: a.listAccounts, Query: []string{"accountType", "skip", "take"}, Summary: "List accounts", Answer: info},
		{Method: "GET", Pattern: "S/accounts/{id}/usages", Handle: a.accountUsages, Summary: "What uses an account", Answer: accountUsage{}},
		{Method: "GET", Pattern: "S/accounts/{id}/pk", Handle: a.publicKey, Summary: "The public half of an SSH key"},
		{Method: "GET", Pattern: "accounts/azureenvironments", Handle: a.azureEnvironments, Summary: "The clouds that Azure has"},
	}
})

// listAccounts also takes several types: a client that asks for one type fails
// when it gets another.
func (a *API) listAccounts(r *Request) (any, error) {
	h := a.crudOf(catalog.Accounts)
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := h.query(r)
	q.Skip, q.Take = skip, take
	delete(q.Match, "AccountType")
	var some []string
	var args []any
	for _, t := range r.List("accountType") {
		some, args = append(some, "lower(data ->> 'AccountType') = ?"), append(args, strings.ToLower(t))
	}
	if len(some) > 0 {
		q.Where = append(q.Where, store.Where{SQL: strings.Join(some, " or "), Args: args})
	}
	return h.page(r, q)
}

// accountUsage lists what uses an account. The names are those that clients
// know; what this server does not record is empty.
type accountUsage struct {
	ID                     string `json:"Id"`
	Targets                []targetUsage
	DeploymentProcesses    []processUsage
	RunbookProcesses       []processUsage
	ProjectVariableSets    []projectVariableUsage
	LibraryVariableSets    []libraryUsage
	Releases               []any
	RunbookSnapshots       []any
	ProjectTenantVariables []any
	CommonTenantVariables  []any
	Links                  map[string]string
}

type targetUsage struct {
	TargetName string
	TargetID   string `json:"TargetId"`
}

type processUsage struct {
	ProjectName string
	ProjectID   string `json:"ProjectId"`
	ProjectSlug string
	ProcessID   string `json:"ProcessId,omitempty"`
	RunbookID   string `json:"RunbookId,omitempty"`
	RunbookName string `json:"RunbookName,omitempty"`
	Steps       []stepUsage
}

type stepUsage struct {
	StepName string
	StepID   string `json:"StepId"`
}

type projectVariableUsage struct {
	ProjectSlug                   string
	ProjectName                   string
	ProjectID                     string `json:"ProjectId"`
	Releases                      []any
	RunbookSnapshots              []any
	IsCurrentlyBeingUsedInProject bool
}

type libraryUsage struct {
	LibraryVariableSetID   string `json:"LibraryVariableSetId"`
	LibraryVariableSetName string
}

func (a *API) accountUsages(r *Request) (any, error) {
	account, err := findFor(r, catalog.Accounts)
	if err != nil {
		return nil, err
	}
	u := &accountUsage{ID: account.ID, Targets: []targetUsage{}, DeploymentProcesses: []processUsage{}, RunbookProcesses: []processUsage{},
		ProjectVariableSets: []projectVariableUsage{}, LibraryVariableSets: []libraryUsage{}, Releases: []any{}, RunbookSnapshots: []any{},
		ProjectTenantVariables: []any{}, CommonTenantVariables: []any{}, Links: map[string]string{"Self": account.Links["Usages"]}}
	err = r.View(func(tx *store.Tx) error {
		for _, add := range []func(*Request, *store.Tx, string) error{u.targets, u.processes, u.runbooks, u.variables} {
			if err := add(r, tx, account.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return u, err
}

// everywhere is a query for what may refer to something of the space.
func everywhere(r *Request) kind.Query { return kind.Query{Space: r.Space} }

func (u *accountUsage) targets(r *Request, tx *store.Tx, id string) error {
	of := func(base *kind.Base, name string, e *catalog.Endpoint) {
		if e.AccountID == id || e.Authentication != nil && e.Authentication.AccountID == id {
			u.Targets = append(u.Targets, targetUsage{name, base.ID})
		}
	}
	machines, _, err := catalog.Machines.List(tx, everywhere(r))
	if err != nil {
		return err
	}
	for _, m := range machines {
		if ok, err := r.seesOne(catalog.Machines, m); err != nil {
			return err
		} else if ok {
			of(&m.Base, m.Name, &m.Endpoint)
		}
	}
	if ok, err := r.May("WorkerView", At{}); err != nil || !ok {
		return err
	}
	workers, _, err := catalog.Workers.List(tx, everywhere(r))
	for _, w := range workers {
		of(&w.Base, w.Name, &w.Endpoint)
	}
	return err
}

// live are the processes and variables that are no snapshots.
func live(r *Request) kind.Query {
	return kind.Query{Space: r.Space, Where: []store.Where{{SQL: "owner = ''"}}}
}

func (u *accountUsage) processes(r *Request, tx *store.Tx, id string) error {
	all, _, err := catalog.DeploymentProcesses.List(tx, live(r))
	if err != nil {
		return err
	}
	for _, p := range all {
		steps := stepsUsing(p.Steps, id)
		if len(steps) == 0 {
			continue
		}
		project, err := catalog.Projects.Get(tx, p.ProjectID)
		if err != nil {
			return err
		}
		if ok, err := r.May("ProcessView", At{Project: project.ID, Group: project.ProjectGroupID}); err != nil || !ok {
			continue
		}
		u.DeploymentProcesses = append(u.DeploymentProcesses, processUsage{ProjectName: project.Name, ProjectID: project.ID, ProjectSlug: project.Slug, Steps: steps})
	}
	return nil
}

func (u *accountUsage) runbooks(r *Request, tx *store.Tx, id string) error {
	all, _, err := catalog.RunbookProcesses.List(tx, live(r))
	if err != nil {
		return err
	}
	for _, p := range all {
		steps := stepsUsing(p.Steps, id)
		if len(steps) == 0 {
			continue
		}
		runbook, err := catalog.Runbooks.Get(tx, p.RunbookID)
		if err != nil {
			return err
		}
		project, err := catalog.Projects.Get(tx, runbook.ProjectID)
		if err != nil {
			return err
		}
		if ok, err := r.May("RunbookView", At{Project: project.ID, Group: project.ProjectGroupID}); err != nil || !ok {
			continue
		}
		u.RunbookProcesses = append(u.RunbookProcesses, processUsage{ProjectName: project.Name, ProjectID: project.ID, ProjectSlug: project.Slug,
			ProcessID: p.ID, RunbookID: runbook.ID, RunbookName: runbook.Name, Steps: steps})
	}
	return nil
}

// stepsUsing lists the steps in whose properties an id stands.
func stepsUsing(steps []catalog.Step, id string) (using []stepUsage) {
	has := func(properties map[string]kind.Property) bool {
		for _, p := range properties {
			if p.Text == id {
				return true
			}
		}
		return false
	}
	for i := range steps {
		s := &steps[i]
		if has(s.Properties) || slices.ContainsFunc(s.Actions, func(a catalog.Action) bool { return has(a.Properties) }) {
			using = append(using, stepUsage{s.Name, s.ID})
		}
	}
	return using
}

func (u *accountUsage) variables(r *Request, tx *store.Tx, id string) error {
	sets, _, err := catalog.VariableSets.List(tx, live(r))
	if err != nil {
		return err
	}
	for _, s := range sets {
		if !slices.ContainsFunc(s.Variables, func(v catalog.Variable) bool { return v.Value != nil && *v.Value == id }) {
			continue
		}
		project, err := catalog.Projects.Get(tx, s.OwnerID)
		if err == nil {
			if ok, err := r.May("VariableView", At{Project: project.ID, Group: project.ProjectGroupID}); err != nil || !ok {
				continue
			}
			u.ProjectVariableSets = append(u.ProjectVariableSets, projectVariableUsage{ProjectSlug: project.Slug, ProjectName: project.Name, ProjectID: project.ID,
				Releases: []any{}, RunbookSnapshots: []any{}, IsCurrentlyBeingUsedInProject: true})
			continue
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		library, err := catalog.LibraryVariableSets.Get(tx, s.OwnerID)
		if ok, bad := r.May("LibraryVariableSetView", At{}); bad != nil {
			return bad
		} else if !ok {
			continue
		}
		if err == nil {
			u.LibraryVariableSets = append(u.LibraryVariableSets, libraryUsage{library.ID, library.Name})
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// publicKey answers with the public half of an account's key, as it is put into
// authorized_keys.
func (a *API) publicKey(r *Request) (any, error) {
	account, err := findFor(r, catalog.Accounts)
	if err != nil {
		return nil, err
	}
	var text string
	err = r.View(func(tx *store.Tx) error {
		text, err = account.PublicKey(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	h := r.W.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+kind.Slugify(account.Name)+`.pub"`)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	r.written = true
	r.W.WriteHeader(http.StatusOK)
	_, _ = r.W.Write([]byte(text)) // a client that hung up learns nothing more
	return Done{}, nil
}

type azureEnvironment struct {
	Name                    string
	DisplayName             string
	AuthenticationEndpoint  string
	ResourceManagerEndpoint string
	GraphEndpoint           string
	ManagementEndpoint      string
	StorageEndpointSuffix   string
}

func (a *API) azureEnvironments(*Request) (any, error) {
	return []azureEnvironment{
		{"AzureCloud", "Azure Global Cloud (Default)", "https://login.microsoftonline.com/", "https://management.azure.com/", "https://graph.windows.net/", "https://management.core.windows.net/", "core.windows.net"},
		{"AzureChinaCloud", "Azure China", "https://login.chinacloudapi.cn/", "https://management.chinacloudapi.cn/", "https://graph.chinacloudapi.cn/", "https://management.core.chinacloudapi.cn/", "core.chinacloudapi.cn"},
		{"AzureGermanCloud", "Azure German", "https://login.microsoftonline.de/", "https://management.microsoftazure.de/", "https://graph.cloudapi.de/", "https://management.core.cloudapi.de/", "core.cloudapi.de"},
		{"AzureUSGovernment", "Azure US Government", "https://login.microsoftonline.us/", "https://management.usgovcloudapi.net/", "https://graph.windows.net/", "https://management.core.usgovcloudapi.net/", "core.usgovcloudapi.net"},
	}, nil
}
