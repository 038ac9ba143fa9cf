package api

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "S/projects/{id}/git/convert", Handle: a.convertProject, Summary: "Move a project to Git", Body: conversion{}, Answer: converted{}},
		{Method: "POST", Pattern: "S/projects/{id}/git/migrate-variables", Handle: a.migrateVariables, Summary: "Move the variables of a project to Git", Body: migration{}, Answer: converted{}},
		{Method: "POST", Pattern: "S/projects/{id}/git/connectivity-test", Handle: a.testGit, Summary: "Try the settings of a Git repository", Body: catalog.PersistenceSettings{}, Answer: gitTest{}},
		{Method: "GET", Pattern: "S/projects/{id}/git/branches", Handle: a.branches, Query: []string{"refresh", "searchByName", "skip", "take"}, Summary: "The branches of a project's repository", Answer: pageOfAny{gitReference{}}},
		{Method: "GET", Pattern: "S/projects/{id}/git/branches/{name}", Handle: a.branch, Summary: "A branch of a project's repository", Answer: gitReference{}},
		{Method: "POST", Pattern: "S/projects/{id}/git/branches/v2", Handle: a.createBranch, Summary: "Make a branch", Body: newBranch{}, Answer: gitReference{}},
		{Method: "GET", Pattern: "S/projects/{id}/git/tags", Handle: a.tags, Query: []string{"refresh", "searchByName", "skip", "take"}, Summary: "The tags of a project's repository", Answer: pageOfAny{gitReference{}}},
		{Method: "GET", Pattern: "S/projects/{id}/git/tags/{name}", Handle: a.tag, Summary: "A tag of a project's repository", Answer: gitReference{}},
		{Method: "GET", Pattern: "S/projects/{id}/git/commits/{hash}", Handle: a.commit, Summary: "A commit of a project's repository", Answer: gitReference{}},
		{Method: "GET", Pattern: "S/projects/{id}/{gitRef}/deploymentprocesses", Handle: a.gitProcess, Summary: "The process of a project on a branch", Answer: catalog.DeploymentProcess{}},
		{Method: "PUT", Pattern: "S/projects/{id}/{gitRef}/deploymentprocesses", Handle: a.updateGitProcess, Summary: "Commit a change of the process of a project", Body: catalog.DeploymentProcesses.Info(), Answer: catalog.DeploymentProcesses.Info()},
		{Method: "GET", Pattern: "S/projects/{id}/{gitRef}/deploymentprocesses/template", Handle: a.releaseTemplate, Query: []string{"channel", "releaseId"}, Summary: "What a release from a branch needs"},
		{Method: "GET", Pattern: "S/projects/{id}/{gitRef}/deploymentsettings", Handle: a.gitSettings, Summary: "How a project deploys, on a branch", Answer: catalog.DeploymentSettings{}},
		{Method: "PUT", Pattern: "S/projects/{id}/{gitRef}/deploymentsettings", Handle: a.updateGitSettings, Summary: "Commit a change of how a project deploys", Body: catalog.DeploymentSettings{}, Answer: catalog.DeploymentSettings{}},
		{Method: "GET", Pattern: "S/projects/{id}/{gitRef}/variables", Handle: a.gitVariables, Summary: "The variables of a project on a branch", Answer: catalog.VariableSet{}},
		{Method: "PUT", Pattern: "S/projects/{id}/{gitRef}/variables", Handle: a.updateGitVariables, Summary: "Commit a change of the variables of a project", Body: catalog.VariableSets.Info(), Answer: catalog.VariableSets.Info()},
	}
})

// conversion asks for a project to be moved to Git.
type conversion struct {
	CommitMessage           string
	InitialCommitBranchName string
	VersionControlSettings  catalog.PersistenceSettings
	KeepVariablesInDatabase bool
}

// migration asks for the variables of a project in Git to be moved there too.
type migration struct {
	Branch        string
	CommitMessage string
}

// converted says what was found on the way.
type converted struct {
	Messages []string
}

// gitTest says what came of trying the settings of a repository.
type gitTest struct {
	Messages []gitMessage
}

type gitMessage struct {
	Category string // Info or Error
	Message  string
}

// gitReference is a branch, a tag or a commit.
type gitReference struct {
	Name          string
	CanonicalName string
	IsProtected   bool
	Links         map[string]string
}

// newBranch asks for a branch.
type newBranch struct {
	NewBranchName string
	BaseGitRef    string
}

func gitReferenceOf(p *catalog.Project, r gitrepo.Reference) gitReference {
	self := catalog.Projects.SelfPath(p.SpaceID, p.ID)
	place, name := "commits", r.Name
	protected := false
	switch {
	case strings.HasPrefix(r.Canonical, gitrepo.Heads):
		place, protected = "branches", p.PersistenceSettings.Protects(r.Name)
	case strings.HasPrefix(r.Canonical, gitrepo.Tags):
		place = "tags"
	}
	at := self + "/" + segment(r.Canonical)
	return gitReference{r.Name, r.Canonical, protected, map[string]string{
		"Self": self + "/git/" + place + "/" + segment(name), "Project": self,
		"DeploymentProcess": at + "/deploymentprocesses", "DeploymentSettings": at + "/deploymentsettings", "Variables": at + "/variables",
	}}
}

// gitProject finds the project of the path for something that is in Git.
func (a *API) gitProject(r *Request, permission string) (p *catalog.Project, err error) {
	if a.Deploy.Git == nil {
		return nil, fault.New(fault.Unavailable, "This server has no access to Git repositories.")
	}
	err = r.View(func(tx *store.Tx) error {
		p, err = a.project(r, tx, permission)
		return err
	})
	return p, err
}

func (a *API) convertProject(r *Request) (any, error) {
	var in conversion
	if err := r.Read(&in); err != nil {
		return nil, err
	}
	p, err := a.gitProject(r, "ProjectEdit")
	if err != nil {
		return nil, err
	}
	messages, err := a.Deploy.Git.Convert(r.Context(), p, gitproject.Conversion{Settings: in.VersionControlSettings, Message: in.CommitMessage, Branch: in.InitialCommitBranchName, KeepVariables: in.KeepVariablesInDatabase})
	if err != nil {
		return nil, err
	}
	return converted{append([]string{}, messages...)}, nil
}

func (a *API) migrateVariables(r *Request) (any, error) {
	var in migration
	if err := r.Read(&in); err != nil {
		return nil, err
	}
	p, err := a.gitProject(r, "ProjectEdit")
	if err != nil {
		return nil, err
	}
	messages, err := a.Deploy.Git.Migrate(r.Context(), p, in.Branch, in.CommitMessage)
	if err != nil {
		return nil, err
	}
	return converted{append([]string{}, messages...)}, nil
}

// testGit tries settings. A password that is not sent is the project's.
func (a *API) testGit(r *Request) (any, error) {
	var in catalog.PersistenceSettings
	if err := r.Read(&in); err != nil {
		return nil, err
	}
	p, err := a.gitProject(r, "ProjectEdit")
	if err != nil {
		return nil, err
	}
	if c, had := in.Credentials, p.PersistenceSettings.Credentials; c != nil && had != nil && c.Password != nil && c.Password.HasValue && c.Password.NewValue == nil {
		if in.URL != p.PersistenceSettings.URL {
			return nil, fault.New(fault.Invalid, "Credentials.Password must be given for another repository than the project's.")
		}
		c.Password = had.Password
	}
	err = a.Deploy.Git.Check(r.Context(), p, in)
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Unavailable:
		return gitTest{messagesOf(err)}, nil
	}
	return gitTest{[]gitMessage{{"Info", "The repository was reached."}}}, err
}

func messagesOf(err error) (all []gitMessage) {
	var f *fault.Error
	if errors.As(err, &f) && len(f.Details) > 0 {
		for _, sentence := range f.Details {
			all = append(all, gitMessage{"Error", sentence})
		}
		return all
	}
	return []gitMessage{{"Error", f.Message}}
}

func (a *API) branches(r *Request) (any, error) { return a.references(r, gitrepo.Heads) }
func (a *API) tags(r *Request) (any, error)     { return a.references(r, gitrepo.Tags) }

func (a *API) references(r *Request, under string) (any, error) {
	p, err := a.gitProject(r, "ProjectView")
	if err != nil {
		return nil, err
	}
	all, err := a.Deploy.Git.References(r.Context(), p, under, r.Bool("refresh"))
	if err != nil {
		return nil, err
	}
	part := strings.ToLower(r.Q("searchByName"))
	all = slices.DeleteFunc(all, func(one gitrepo.Reference) bool { return !strings.Contains(strings.ToLower(one.Name), part) })
	items := make([][]byte, len(all))
	for i, one := range all {
		if items[i], err = json.Marshal(gitReferenceOf(p, one)); err != nil {
			return nil, err
		}
	}
	return r.PageFrom("GitReference", items)
}

func (a *API) branch(r *Request) (any, error) { return a.reference(r, gitrepo.Heads, r.Param("name")) }
func (a *API) tag(r *Request) (any, error)    { return a.reference(r, gitrepo.Tags, r.Param("name")) }
func (a *API) commit(r *Request) (any, error) { return a.reference(r, "", r.Param("hash")) }

// reference answers with one reference, which is named short or in full.
func (a *API) reference(r *Request, under, name string) (any, error) {
	p, err := a.gitProject(r, "ProjectView")
	if err != nil {
		return nil, err
	}
	one, err := a.Deploy.Git.Reference(r.Context(), p, under+strings.TrimPrefix(name, under))
	if err != nil {
		return nil, err
	}
	if under == "" {
		one = gitrepo.Reference{Name: one.Commit, Canonical: one.Commit, Commit: one.Commit}
	}
	return gitReferenceOf(p, one), nil
}

func (a *API) createBranch(r *Request) (any, error) {
	var in newBranch
	if err := r.Read(&in); err != nil {
		return nil, err
	}
	p, err := a.gitProject(r, "ProjectEdit")
	if err != nil {
		return nil, err
	}
	made, err := a.Deploy.Git.CreateBranch(r.Context(), p, in.NewBranchName, in.BaseGitRef)
	if err != nil {
		return nil, err
	}
	return gitReferenceOf(p, made), nil
}

// checkout opens the reference of the path to read something there.
func (a *API) checkout(r *Request, permission string) (*catalog.Project, *gitproject.Checkout, error) {
	p, err := a.gitProject(r, permission)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.Deploy.Git.Open(r.Context(), p, r.Param("gitRef"), "", gitproject.Recently)
	return p, c, err
}

// change opens the branch of the path to commit to it a body of a type. If-Match
// names the commit that the change was made to.
func (a *API) change(r *Request, permission string, body []byte, of any) (*catalog.Project, *gitproject.Checkout, gitproject.Change, error) {
	var sent struct{ ChangeDescription string }
	how := gitproject.Change{Ref: r.Param("gitRef")}
	for _, into := range []any{&sent, of} {
		if err := kind.Unmarshal(body, into); err != nil {
			return nil, nil, how, err
		}
	}
	how.Message = sent.ChangeDescription
	if match := r.Header.Get("If-Match"); match != "*" {
		how.Base = strings.Trim(strings.TrimPrefix(match, "W/"), `"`)
	}
	p, err := a.gitProject(r, permission)
	if err != nil {
		return nil, nil, how, err
	}
	c, err := a.Deploy.Git.OpenToChange(r.Context(), p, how.Ref)
	return p, c, how, err
}

// at tells which commit an answer is from.
func (r *Request) at(c *gitproject.Checkout) {
	r.W.Header().Set("ETag", `"`+c.Reference.GitCommit+`"`)
}

// gitPath is where a document of the checkout lies.
func gitPath(p *catalog.Project, c *gitproject.Checkout, name string) string {
	return catalog.Projects.SelfPath(p.SpaceID, p.ID) + "/" + segment(c.Reference.GitRef) + "/" + name
}
