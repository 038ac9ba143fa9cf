package api

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/store"
)

// segment escapes a text for one segment of a path, slashes too.
func segment(text string) string { return url.PathEscape(text) }

// withLinks replaces links of a document's wire form.
func withLinks(raw []byte, links map[string]string) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	var all map[string]string
	if err := json.Unmarshal(members["Links"], &all); err != nil {
		return nil, err
	}
	maps.Copy(all, links)
	var err error
	if members["Links"], err = json.Marshal(all); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

func (a *API) gitProcess(r *Request) (any, error) {
	p, c, err := a.checkout(r, "ProcessView")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	process, err := c.Process(r.Context())
	if err != nil {
		return nil, err
	}
	return a.processOf(r, p, c, process)
}

func (a *API) processOf(r *Request, p *catalog.Project, c *gitproject.Checkout, process *catalog.DeploymentProcess) (any, error) {
	raw, err := wireOf(r, catalog.DeploymentProcesses, process)
	if err != nil {
		return nil, err
	}
	r.at(c)
	self := gitPath(p, c, "deploymentprocesses")
	linked, err := withLinks(raw, map[string]string{"Self": self, "Template": self + "/template{?channel,releaseId}"})
	return Raw(linked), err
}

func (a *API) updateGitProcess(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	p, c, how, err := a.change(r, "ProcessEdit", body, &catalog.DeploymentProcess{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	process, err := c.ChangeProcess(r.Context(), how, func(_ *store.Tx, process *catalog.DeploymentProcess) error {
		return catalog.DeploymentProcesses.Replace(body, process)
	})
	if err != nil {
		return nil, err
	}
	return a.processOf(r, p, c, process)
}

func (a *API) gitSettings(r *Request) (any, error) {
	p, c, err := a.checkout(r, "ProjectView")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	settings, err := c.Settings(r.Context())
	if err != nil {
		return nil, err
	}
	r.at(c)
	settings.Links["Self"] = gitPath(p, c, "deploymentsettings")
	return settings, nil
}

func (a *API) updateGitSettings(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	p, c, how, err := a.change(r, "ProjectEdit", body, &catalog.DeploymentSettings{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	settings, err := c.ChangeSettings(r.Context(), how, body)
	if err != nil {
		return nil, err
	}
	r.at(c)
	settings.Links["Self"] = gitPath(p, c, "deploymentsettings")
	return settings, nil
}

func (a *API) gitVariables(r *Request) (any, error) {
	p, c, err := a.checkout(r, "ProjectView")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	set, err := c.Variables(r.Context())
	if err != nil {
		return nil, err
	}
	return a.variablesAt(r, p, c, set)
}

// variablesAt is the wire form of variables in Git as far as the caller may
// see them.
func (a *API) variablesAt(r *Request, p *catalog.Project, c *gitproject.Checkout, set *catalog.VariableSet) (any, error) {
	values, err := c.ScopeValues(r.Context(), set)
	if err != nil {
		return nil, err
	}
	var raw []byte
	if err := r.View(func(tx *store.Tx) (err error) {
		raw, err = a.variablesWith(r, tx, set, values)
		return err
	}); err != nil {
		return nil, err
	}
	r.at(c)
	linked, err := withLinks(raw, map[string]string{"Self": gitPath(p, c, "variables")})
	return Raw(linked), err
}

func (a *API) updateGitVariables(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	p, c, how, err := a.change(r, "ProjectView", body, &catalog.VariableSet{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	set, err := c.ChangeVariables(r.Context(), how, func(tx *store.Tx, s *catalog.VariableSet) error {
		before := slices.Clone(s.Variables)
		if err := catalog.VariableSets.Merge(body, s); err != nil {
			return err
		}
		secrets, err := catalog.VariableSets.Get(tx, s.ID)
		if err != nil {
			return err
		}
		for _, v := range secrets.Variables { // those that are sent are changed, if they differ
			if slices.ContainsFunc(s.Variables, func(sent catalog.Variable) bool { return sent.ID == v.ID }) {
				before = append(before, v)
			}
		}
		return a.guardVariables(r, s, before)
	})
	if err != nil {
		return nil, err
	}
	return a.variablesAt(r, p, c, set)
}
