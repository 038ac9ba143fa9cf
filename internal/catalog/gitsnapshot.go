package catalog

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"

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

// KeepRunbookProcess is KeepProcess for the process of a runbook. The runbook is
// the one that its runs are counted with.
func KeepRunbookProcess(tx *store.Tx, runbook *Runbook, steps []Step) (string, error) {
	return keep(tx, RunbookProcesses, runbook.RunbookProcessID, []any{steps}, func(base kind.Base) *RunbookProcess {
		return &RunbookProcess{Base: base, RunbookID: runbook.ID, ProjectID: runbook.ProjectID, Steps: steps, born: true}
	})
}

// GitRunbookID is the id of the runbook that runs of a runbook in Git are
// counted with. It is the same for all branches.
func GitRunbookID(project, slug string) string {
	sum := sha256.Sum256([]byte(project + "\x00" + slug))
	return fmt.Sprintf("%s%x", gitRunbooks, sum[:8])
}

// gitRunbooks begins the ids of runbooks in Git.
const gitRunbooks = "Runbooks-git"

// InGit says that the runbook itself is in Git: what is in the database is only
// what its runs are counted with.
func (r *Runbook) InGit() bool { return strings.HasPrefix(r.ID, gitRunbooks) }

// NotInGit is the condition on runbooks that are in the database.
func NotInGit() store.Where {
	return store.Where{SQL: "id not like ?", Args: []any{gitRunbooks + "%"}}
}

// ShadowRunbook keeps in the database, for its runs, a runbook that is in Git.
func ShadowRunbook(tx *store.Tx, b *Runbook) (*Runbook, error) {
	id := GitRunbookID(b.ProjectID, b.Slug)
	old, err := found(Runbooks.Get(tx, id))
	if err != nil {
		return nil, err
	}
	next := *b
	next.Base = kind.Base{ID: id, SpaceID: b.SpaceID}
	if old != nil {
		next.Base = old.Base
	}
	// The project may have a runbook of this name in the database too.
	others, _, err := Runbooks.List(tx, kind.Query{Space: b.SpaceID, Match: map[string]string{"ProjectId": b.ProjectID}})
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		if o.ID != id && (strings.EqualFold(o.Name, next.Name) || strings.EqualFold(o.Slug, next.Slug)) {
			next.Name, next.Slug = next.Name+" (Git)", next.Slug+"-git"
		}
	}
	next.PublishedRunbookSnapshotID = ""
	return &next, Runbooks.Put(tx, &next)
}

// CheckGitRunbook holds a runbook and its process that are to be written to Git
// against all that holds in the database. It completes them, as storing would.
func CheckGitRunbook(tx *store.Tx, b *Runbook, p *RunbookProcess, there bool) error {
	var old *Runbook
	if there {
		old = b
	}
	if err := Runbooks.Check(tx, b, old); err != nil {
		return err
	}
	id := p.RunbookID
	p.RunbookID = "" // the runbook is not in the database
	err := RunbookProcesses.Check(tx, p, p)
	p.RunbookID = id
	return err
}
