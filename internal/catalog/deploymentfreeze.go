package catalog

import (
	"fmt"

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
	References: func(f *DeploymentFreeze) []store.Reference {
		var refs []store.Reference
		for project, environments := range f.ProjectEnvironmentScope {
			refs = append(refs, store.Reference{Field: "ProjectEnvironmentScope", Target: project})
			for _, e := range environments {
				refs = append(refs, store.Reference{Field: "ProjectEnvironmentScope", Target: e})
			}
		}
		return refs
	},
})

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
