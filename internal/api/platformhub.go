package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "platformhub/versioncontrol"
	info := catalog.PlatformHubRepositories.Info()
	return []Route{
		{Method: "GET", Pattern: at, Handle: a.hubRepository, Permission: administer, Summary: "The repository of the platform hub", Answer: info},
		{Method: "PUT", Pattern: at, Handle: a.changeHubRepository, Permission: administer, Summary: "Change the repository of the platform hub", Body: info, Answer: info},
	}
})

func (a *API) hubRepository(r *Request) (any, error) {
	var raw []byte
	err := r.View(func(tx *store.Tx) error {
		repository, err := catalog.HubRepository(tx)
		if err != nil {
			return err
		}
		r.revision = repository.Revision()
		raw, err = catalog.PlatformHubRepositories.Wire(tx, repository)
		return err
	})
	return Raw(raw), err
}

func (a *API) changeHubRepository(r *Request) (any, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	var raw []byte
	err = r.Do(func(tx *store.Tx) error {
		repository, err := catalog.HubRepository(tx)
		if err != nil {
			return err
		}
		if err := r.match(repository.Revision()); err != nil {
			return err
		}
		if err := catalog.PlatformHubRepositories.Replace(body, repository); err != nil {
			return err
		}
		if err := catalog.PlatformHubRepositories.Put(tx, repository); err != nil {
			return err
		}
		raw, err = catalog.PlatformHubRepositories.Wire(tx, repository)
		return err
	})
	return Raw(raw), err
}
