package catalog

import (
	"fmt"
	"slices"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// DeploymentFreeze is a time in which some projects are not deployed to some
// environments.
type DeploymentFreeze struct {
	kind.Base
	Name                          string              `json:"Name" kind:"required,max=200"`
	Description                   string              `json:"Description,omitempty" kind:"max=4000"`
	Start                         kind.Time           `json:"Start"`
	End                           kind.Time           `json:"End"`
	ProjectEnvironmentScope       map[string][]string `json:"ProjectEnvironmentScope"`
	TenantProjectEnvironmentScope []FrozenTenant      `json:"TenantProjectEnvironmentScope"`
	OwnerID                       string              `json:"OwnerId,omitempty" kind:"ref=Projects?"`
	RecurringSchedule             *RecurringSchedule  `json:"RecurringSchedule"`
}

// FrozenTenant is one tenant, project and environment together.
type FrozenTenant struct {
	TenantID      string `json:"TenantId" kind:"required,ref=Tenants"`
	ProjectID     string `json:"ProjectId" kind:"required,ref=Projects"`
	EnvironmentID string `json:"EnvironmentId" kind:"required,ref=Environments"`
}

// RecurringSchedule says when a freeze comes again.
type RecurringSchedule struct {
	Type                   string     `json:"Type" kind:"required,enum=Daily|Weekly|Monthly|Annually"`
	Unit                   int        `json:"Unit"`
	EndType                string     `json:"EndType" kind:"enum=Never|OnDate|AfterOccurrences"`
	UserUTCOffsetInMinutes int        `json:"UserUtcOffsetInMinutes"`
	EndOnDate              *kind.Time `json:"EndOnDate,omitempty"`
	EndAfterOccurrences    int        `json:"EndAfterOccurrences,omitempty"`
	StartDate              *kind.Time `json:"StartDate,omitempty"`
	EndDate                *kind.Time `json:"EndDate,omitempty"`
	MonthlyScheduleType    string     `json:"MonthlyScheduleType,omitempty"`
	DateOfMonth            string     `json:"DateOfMonth,omitempty"`
	DayNumberOfMonth       string     `json:"DayNumberOfMonth,omitempty"`
	DaysOfWeek             []string   `json:"DaysOfWeek,omitempty"`
	DayOfWeek              string     `json:"DayOfWeek,omitempty"`
}

// DeploymentFreezes are the freezes of the installation.
var DeploymentFreezes = kind.Register(kind.Kind[DeploymentFreeze]{
	Plural:      "DeploymentFreezes",
	Singular:    "Deployment freeze",
	System:      true,
	Permissions: kind.All("", "DeploymentFreezeAdminister"),
	Rules:       freezeRules,
	References:  freezeReferences,
})

func freezeReferences(f *DeploymentFreeze) []store.Reference {
	var refs []store.Reference
	for project, environments := range f.ProjectEnvironmentScope {
		refs = append(refs, store.Reference{Field: "ProjectEnvironmentScope", Target: project})
		for _, e := range environments {
			refs = append(refs, store.Reference{Field: "ProjectEnvironmentScope", Target: e})
		}
	}
	return refs
}

func freezeRules(tx *store.Tx, next, _ *DeploymentFreeze, c *fault.Complaints) error {
	switch {
	case next.Start.IsZero():
		c.Add("Start must not be empty.")
	case next.End.IsZero():
		c.Add("End must not be empty.")
	case !next.End.After(next.Start.Time):
		c.Add("End must be after Start.")
	}
	if s := next.RecurringSchedule; s != nil {
		if s.Unit == 0 {
			s.Unit = 1
		}
		switch {
		case s.Unit < 0:
			c.Add("RecurringSchedule.Unit is %d; it must be at least 1.", s.Unit)
		case s.EndType == "OnDate" && s.EndOnDate == nil:
			c.Add("RecurringSchedule.EndOnDate must not be empty when the schedule ends on a date.")
		case s.EndType == "AfterOccurrences" && s.EndAfterOccurrences < 1:
			c.Add("RecurringSchedule.EndAfterOccurrences must be at least 1.")
		case s.Type == "Weekly" && len(s.DaysOfWeek) == 0:
			c.Add("RecurringSchedule.DaysOfWeek must name a day.")
		}
	}
	if err := checkPairs(tx, "", "ProjectEnvironmentScope", next.ProjectEnvironmentScope, c); err != nil {
		return fmt.Errorf("checking the scope of a freeze: %w", err)
	}
	return nil
}

// thawMissing takes projects and environments that are gone out of freezes.
// Freezes belong to the system, so the deletion of a space leaves them.
func thawMissing(tx *store.Tx) error {
	all, _, err := kind.Of[DeploymentFreeze]().List(tx, kind.Query{})
	if err != nil {
		return err
	}
	for _, f := range all {
		var ids []string
		for _, r := range freezeReferences(f) {
			ids = append(ids, r.Target)
		}
		for _, t := range f.TenantProjectEnvironmentScope {
			ids = append(ids, t.TenantID, t.ProjectID, t.EnvironmentID)
		}
		exist, err := tx.Lock(ids)
		if err != nil {
			return err
		}
		if !f.thaw(func(id string) bool { return exist[id].Kind == "" }) {
			continue
		}
		if err := kind.Of[DeploymentFreeze]().Put(tx, f); err != nil {
			return fmt.Errorf("thawing what is gone: %w", err)
		}
	}
	return nil
}

// thaw takes out what is gone and reports whether anything was.
func (f *DeploymentFreeze) thaw(gone func(id string) bool) (changed bool) {
	for project, environments := range f.ProjectEnvironmentScope {
		left := slices.DeleteFunc(slices.Clone(environments), gone)
		if !gone(project) && len(left) == len(environments) {
			continue
		}
		changed = true
		if f.ProjectEnvironmentScope[project] = left; gone(project) || len(left) == 0 {
			delete(f.ProjectEnvironmentScope, project)
		}
	}
	left := slices.DeleteFunc(slices.Clone(f.TenantProjectEnvironmentScope), func(t FrozenTenant) bool {
		return gone(t.TenantID) || gone(t.ProjectID) || gone(t.EnvironmentID)
	})
	changed = changed || len(left) < len(f.TenantProjectEnvironmentScope)
	f.TenantProjectEnvironmentScope = left
	return changed
}
