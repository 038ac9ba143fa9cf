package catalog

import (
	"slices"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// CloneRequest says what differs in the copy of a project; what is empty is as
// in the original.
type CloneRequest struct {
	Name           string `json:"Name"`
	Slug           string `json:"Slug"`
	Description    string `json:"Description"`
	ProjectGroupID string `json:"ProjectGroupId"`
	LifecycleID    string `json:"LifecycleId"`
}

// clone is the making of a copy. ids maps what was copied to its copy.
type clone struct {
	tx       *store.Tx
	from, to *Project
	ids      map[string]string
	ruled    []*Channel // copies with their rules, which name steps
}

// CloneProject creates a copy of a project: its settings, channels, process,
// variables with their secrets, runbooks and triggers; no releases and no
// tenants. Triggers begin disabled, so that a copy does nothing by itself.
func CloneProject(tx *store.Tx, source string, r CloneRequest) (*Project, error) {
	from, err := Projects.Get(tx, source)
	if err != nil {
		return nil, err
	}
	if from.IsVersionControlled {
		return nil, fault.New(fault.Invalid, "Project '%s' is in Git and cannot be cloned. Create a project, and convert it to Git with a folder that is a copy of this one's.", from.Name)
	}
	to, err := Projects.Get(tx, source)
	if err != nil {
		return nil, err
	}
	to.Base = kind.Base{SpaceID: from.SpaceID}
	to.Name, to.Slug, to.ClonedFromProjectID = r.Name, r.Slug, from.ID
	override(&to.Description, r.Description)
	override(&to.ProjectGroupID, r.ProjectGroupID)
	override(&to.LifecycleID, r.LifecycleID)
	to.AutoDeployReleaseOverrides = nil
	to.ProvisioningRunbookID, to.DeprovisioningRunbookID = "", ""
	to.AutoCreateRelease, to.ReleaseCreationStrategy = false, nil // until there are channels
	if err := Projects.Put(tx, to); err != nil {
		return nil, err
	}
	c := &clone{tx: tx, from: from, to: to, ids: map[string]string{from.ID: to.ID}}
	for _, part := range []func() error{c.channels, c.process, c.rules, c.runbooks, c.variables, c.triggers, c.settings} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return c.to, nil
}

func override(value *string, with string) {
	if with != "" {
		*value = with
	}
}

// copied gives the id of a copy; what was not copied stays what it is.
func (c *clone) copied(id string) string {
	if to, ok := c.ids[id]; ok {
		return to
	}
	return id
}

func (c *clone) copiedAll(ids []string) {
	for i, id := range ids {
		ids[i] = c.copied(id)
	}
}

func (c *clone) query(project *Project) kind.Query {
	return kind.Query{Space: project.SpaceID, Match: map[string]string{"ProjectId": project.ID}, OrderBy: "created, length(id), id"}
}

func (c *clone) base() kind.Base { return kind.Base{SpaceID: c.to.SpaceID} }

// channels copies the default channel over the one that the copy was born with,
// whose name another one may have, and creates the others. Their rules wait for
// the steps that they name, as these do for the channels.
func (c *clone) channels() error {
	born, _, err := Channels.List(c.tx, c.query(c.to))
	if err != nil {
		return err
	}
	all, _, err := Channels.List(c.tx, c.query(c.from))
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(all, func(c *Channel) bool { return c.IsDefault }); at > 0 {
		first := all[at]
		all = slices.Insert(slices.Delete(all, at, at+1), 0, first)
	}
	for _, channel := range all {
		old, rules, gitRules := channel.ID, channel.Rules, channel.GitResourceRules
		channel.Base = c.base()
		if channel.IsDefault && len(born) > 0 {
			channel.Base = born[0].Base
		}
		channel.ProjectID, channel.Rules, channel.GitResourceRules = c.to.ID, nil, nil
		if err := Channels.Put(c.tx, channel); err != nil {
			return err
		}
		c.ids[old] = channel.ID
		channel.Rules, channel.GitResourceRules = rules, gitRules
		if len(rules)+len(gitRules) > 0 {
			c.ruled = append(c.ruled, channel)
		}
	}
	return nil
}

// rules gives the channels theirs.
func (c *clone) rules() error {
	for _, channel := range c.ruled {
		for i := range channel.Rules {
			channel.Rules[i].ID = ""
		}
		if err := Channels.Put(c.tx, channel); err != nil {
			return err
		}
	}
	return nil
}

func (c *clone) steps(steps []Step) []Step {
	for i := range steps {
		for j := range steps[i].Actions {
			c.copiedAll(steps[i].Actions[j].Channels)
		}
	}
	return steps
}

// process copies the steps with their ids: they are unique within a process
// only, and scopes of variables name them.
func (c *clone) process() error {
	from, err := DeploymentProcesses.Get(c.tx, c.from.DeploymentProcessID)
	if err != nil {
		return err
	}
	to, err := DeploymentProcesses.Get(c.tx, c.to.DeploymentProcessID)
	if err != nil {
		return err
	}
	to.Steps = c.steps(from.Steps)
	return DeploymentProcesses.Put(c.tx, to)
}

func (c *clone) runbooks() error {
	all, _, err := Runbooks.List(c.tx, c.query(c.from))
	if err != nil {
		return err
	}
	for _, r := range all {
		old, process := r.ID, r.RunbookProcessID
		queued, running := r.CancelQueuedTasks, r.CancelRunningTasks
		r.Base, r.ProjectID, r.PublishedRunbookSnapshotID = c.base(), c.to.ID, ""
		if err := Runbooks.Put(c.tx, r); err != nil {
			return err
		}
		c.ids[old] = r.ID
		if r.CancelQueuedTasks != queued || r.CancelRunningTasks != running {
			r.CancelQueuedTasks, r.CancelRunningTasks = queued, running
			if err := Runbooks.Put(c.tx, r); err != nil {
				return err
			}
		}
		from, err := RunbookProcesses.Get(c.tx, process)
		if err != nil {
			return err
		}
		to, err := RunbookProcesses.Get(c.tx, r.RunbookProcessID)
		if err != nil {
			return err
		}
		to.Steps = c.steps(from.Steps)
		if err := RunbookProcesses.Put(c.tx, to); err != nil {
			return err
		}
	}
	return nil
}

func (c *clone) variables() error {
	from, err := VariableSets.Get(c.tx, c.from.VariableSetID)
	if err != nil {
		return err
	}
	to, err := VariableSets.Get(c.tx, c.to.VariableSetID)
	if err != nil {
		return err
	}
	to.Variables = from.Variables
	for i := range to.Variables {
		v := &to.Variables[i]
		v.ID = ""
		c.copiedAll(v.Scope.Channel)
		c.copiedAll(v.Scope.ProcessOwner)
	}
	to.AsItIs()
	return VariableSets.Put(c.tx, to)
}

func (c *clone) triggers() error {
	all, _, err := ProjectTriggers.List(c.tx, c.query(c.from))
	if err != nil {
		return err
	}
	for _, t := range all {
		base := c.base()
		if t.ID == creationTriggerID(c.from.ID) {
			base.ID = creationTriggerID(c.to.ID)
		}
		t.Base, t.ProjectID, t.IsDisabled = base, c.to.ID, true
		t.Action.ChannelID = c.copied(t.Action.ChannelID)
		t.Action.RunbookID = c.copied(t.Action.RunbookID)
		if err := ProjectTriggers.Put(c.tx, t); err != nil {
			return err
		}
	}
	return nil
}

// settings gives the copy what it could not have before it had channels.
func (c *clone) settings() error {
	to := c.to
	to.CancelQueuedTasks, to.CancelRunningTasks = c.from.CancelQueuedTasks, c.from.CancelRunningTasks
	to.AutoCreateRelease = c.from.AutoCreateRelease
	if s := c.from.ReleaseCreationStrategy; s != nil {
		strategy := *s
		strategy.ChannelID = c.copied(strategy.ChannelID)
		to.ReleaseCreationStrategy = &strategy
	}
	to.ProvisioningRunbookID = c.copied(c.from.ProvisioningRunbookID)
	to.DeprovisioningRunbookID = c.copied(c.from.DeprovisioningRunbookID)
	return Projects.Put(c.tx, to)
}
