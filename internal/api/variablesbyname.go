package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "/{id}/snapshot-variables-by-name"
	return []Route{
		{Method: "POST", Pattern: "S/releases" + at, Handle: a.snapshotNamed, Summary: "Give a release the variables of some names as they are now", Body: namedVariables{}, Answer: catalog.Releases.Info()},
		{Method: "POST", Pattern: "S/runbookSnapshots" + at, Handle: a.refreshNamed, Summary: "Give a runbook snapshot the variables of some names as they are now", Body: namedVariables{}, Answer: catalog.RunbookSnapshots.Info()},
	}
})

type namedVariables struct{ Variables []deploy.VariableName }

func (r *Request) namedVariables() ([]deploy.VariableName, error) {
	var in namedVariables
	if err := r.Read(&in); err != nil {
		return nil, err
	}
	if len(in.Variables) == 0 {
		return nil, fault.New(fault.Invalid, "Variables must name at least one variable.")
	}
	return in.Variables, nil
}

func (a *API) snapshotNamed(r *Request) (any, error) {
	release, err := a.viewRelease(r, "ReleaseEdit")
	if err != nil {
		return nil, err
	}
	names, err := r.namedVariables()
	if err != nil {
		return nil, err
	}
	if release, err = a.Deploy.UpdateVariables(r.Context(), release.ID, names...); err != nil {
		return nil, err
	}
	return wireOf(r, catalog.Releases, release)
}

func (a *API) refreshNamed(r *Request) (any, error) {
	var snapshot *catalog.RunbookSnapshot
	err := r.View(func(tx *store.Tx) (err error) {
		snapshot, err = a.snapshot(r, tx, "RunbookEdit")
		return err
	})
	if err != nil {
		return nil, err
	}
	names, err := r.namedVariables()
	if err != nil {
		return nil, err
	}
	if err := a.Deploy.UpdateSnapshotVariables(r.Context(), snapshot, names...); err != nil {
		return nil, err
	}
	return wireOf(r, catalog.RunbookSnapshots, snapshot)
}
