package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{{Method: "GET", Pattern: "S/git-credentials/{id}/usage", Handle: a.gitCredentialUsage, Summary: "The projects that sign in to their repository with a Git credential", Answer: credentialUsage{}}}
})

// credentialUsage lists the projects that the caller may see and counts those
// that the caller may not.
type credentialUsage struct {
	Projects      []credentialProject
	OtherProjects int
}

type credentialProject struct {
	ProjectID  string `json:"ProjectId"`
	Slug, Name string
}

func (a *API) gitCredentialUsage(r *Request) (any, error) {
	credential, err := findFor(r, catalog.GitCredentials)
	if err != nil {
		return nil, err
	}
	u := credentialUsage{Projects: []credentialProject{}}
	err = r.View(func(tx *store.Tx) error {
		using, _, err := catalog.Projects.List(tx, kind.Query{Space: r.Space, Where: []store.Where{{SQL: "id in (select source from reference where target = ? and source_kind = 'Projects')", Args: []any{credential.ID}}}})
		if err != nil {
			return err
		}
		for _, p := range using {
			ok, err := r.seesOne(catalog.Projects, p)
			if err != nil {
				return err
			}
			if ok {
				u.Projects = append(u.Projects, credentialProject{p.ID, p.Slug, p.Name})
			} else {
				u.OtherProjects++
			}
		}
		return nil
	})
	return u, err
}
