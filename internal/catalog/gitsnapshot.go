package catalog

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// InGit marks a process as one that is stored in Git, whose rules are the same
// as those of others.
func (p *DeploymentProcess) InGit() { p.inGit = true }

// Governed gives a project with the settings that came from Git with a
// process; the project itself where the settings are in the database.
func (p *DeploymentProcess) Governed(project *Project) *Project {
	if p.Settings == nil {
		return project
	}
	governed := *project
	p.Settings.apply(&governed)
	return &governed
}

// KeepProcess keeps a process that came from Git, with its settings, and gives
// the id of the copy, which never changes.
func KeepProcess(tx *store.Tx, p *DeploymentProcess) (string, error) {
	return keep(tx, DeploymentProcesses, p.ID, []any{p.Steps, p.Settings}, func(base kind.Base) *DeploymentProcess {
		frozen := *p
		frozen.Base = base
		return &frozen
	})
}

// KeepVariables keeps the variables of a project in Git, with the secrets from
// the database, and gives the id of the copy, which never changes.
func KeepVariables(tx *store.Tx, s *VariableSet) (string, error) {
	return keep(tx, VariableSets, s.ID, []any{s.Variables}, func(base kind.Base) *VariableSet {
		frozen := *s
		frozen.Base = base
		return &frozen
	})
}

// keep stores a copy of a document that is named by its content, unless there
// is one. Releases of the same content share it.
func keep[T any](tx *store.Tx, k *kind.Kind[T], id string, content []any, frozen func(kind.Base) *T) (string, error) {
	data, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("naming a copy of %s: %w", id, err)
	}
	if err := lockForSnapshot(tx, id); err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	name := fmt.Sprintf("%s-s-git-%s", id, base32.StdEncoding.EncodeToString(sum[:10]))
	if _, err := k.Get(tx, name); err == nil || !fault.Is(err, fault.NotFound) {
		return name, err
	}
	live, err := k.Get(tx, id)
	if err != nil {
		return "", err
	}
	return name, k.Put(tx, frozen(kind.Base{ID: name, SpaceID: kind.BaseOf(live).SpaceID}))
}
