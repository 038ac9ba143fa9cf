package catalog

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A ProjectTrigger does something with a project when something happens.
type ProjectTrigger struct {
	kind.Base
	Name        string        `json:"Name" kind:"required,max=200"`
	Description string        `json:"Description" kind:"max=10000"`
	ProjectID   string        `json:"ProjectId" kind:"required,ref=Projects,filter,within=project"`
	IsDisabled  bool          `json:"IsDisabled"`
	Filter      TriggerFilter `json:"Filter"`
	Action      TriggerAction `json:"Action"`
}

// TriggerFilter says what a trigger waits for. Which members count depends on
// the type.
type TriggerFilter struct {
	FilterType string `json:"FilterType"`

	// MachineFilter
	EnvironmentIDs  []string `json:"EnvironmentIds,omitempty" kind:"ref=Environments"`
	Roles           []string `json:"Roles,omitempty"`
	EventGroups     []string `json:"EventGroups,omitempty"`
	EventCategories []string `json:"EventCategories,omitempty"`

	// Schedules
	Timezone            string     `json:"Timezone,omitempty"`
	StartTime           *kind.Time `json:"StartTime,omitempty"`
	DaysOfWeek          []string   `json:"DaysOfWeek,omitempty"`
	RunType             string     `json:"RunType,omitempty"`
	RunAfter            *kind.Time `json:"RunAfter,omitempty"`
	RunUntil            *kind.Time `json:"RunUntil,omitempty"`
	Interval            string     `json:"Interval,omitempty"`
	HourInterval        *int       `json:"HourInterval,omitempty"`
	MinuteInterval      *int       `json:"MinuteInterval,omitempty"`
	MonthlyScheduleType string     `json:"MonthlyScheduleType,omitempty"`
	DateOfMonth         string     `json:"DateOfMonth,omitempty"`
	DayNumberOfMonth    string     `json:"DayNumberOfMonth,omitempty"`
	DayOfWeek           string     `json:"DayOfWeek,omitempty"`
	CronExpression      string     `json:"CronExpression,omitempty"`

	// Feeds and Git repositories
	Packages []ActionSlugPackage `json:"Packages,omitempty"`
	Sources  []GitTriggerSource  `json:"Sources,omitempty"`

	// WebhookFilter: the id is the end of the address to call, and is the
	// server's. Who calls knows the secret or, where that is asked, has a key.
	WebhookID     string          `json:"WebhookId,omitempty"`
	Secret        *kind.Sensitive `json:"Secret,omitempty"`
	RequireAPIKey *bool           `json:"RequireApiKey,omitempty"`
}

// ActionSlugPackage names a package of a process by its action's slug.
type ActionSlugPackage struct {
	DeploymentActionSlug string `json:"DeploymentActionSlug"`
	PackageReference     string `json:"PackageReference"`
}

// GitTriggerSource names a Git dependency of a process and what in it counts.
type GitTriggerSource struct {
	DeploymentActionSlug string   `json:"DeploymentActionSlug"`
	GitDependencyName    string   `json:"GitDependencyName"`
	IncludeFilePaths     []string `json:"IncludeFilePaths"`
	ExcludeFilePaths     []string `json:"ExcludeFilePaths"`
}

// TriggerAction says what a trigger does. Which members count depends on the
// type.
type TriggerAction struct {
	ActionType string `json:"ActionType"`

	ShouldRedeployWhenMachineHasBeenDeployedTo *bool `json:"ShouldRedeployWhenMachineHasBeenDeployedTo,omitempty"`
	ShouldRedeployWhenReleaseIsCurrent         *bool `json:"ShouldRedeployWhenReleaseIsCurrent,omitempty"`

	ChannelID                string            `json:"ChannelId,omitempty" kind:"ref=Channels"`
	TenantIDs                []string          `json:"TenantIds,omitempty" kind:"ref=Tenants"`
	TenantTags               []string          `json:"TenantTags,omitempty"`
	Variables                string            `json:"Variables,omitempty"`
	SourceEnvironmentIDs     []string          `json:"SourceEnvironmentIds,omitempty" kind:"ref=Environments"`
	DestinationEnvironmentID string            `json:"DestinationEnvironmentId,omitempty" kind:"ref=Environments"`
	EnvironmentID            string            `json:"EnvironmentId,omitempty" kind:"ref=Environments"`
	EnvironmentIDs           []string          `json:"EnvironmentIds,omitempty" kind:"ref=Environments"`
	RunbookID                string            `json:"RunbookId,omitempty" kind:"ref=Runbooks"`
	RunbookTags              []string          `json:"RunbookTags,omitempty"`
	FormValues               map[string]string `json:"FormValues,omitempty"`
	VersionControlReference  *GitReference     `json:"VersionControlReference,omitempty"`
}

// The types of a trigger's filter.
const (
	FilterMachine         = "MachineFilter"
	FilterOnceDaily       = "OnceDailySchedule"
	FilterContinuousDaily = "ContinuousDailySchedule"
	FilterDaily           = "DailySchedule"
	FilterDaysPerWeek     = "DaysPerWeekSchedule"
	FilterDaysPerMonth    = "DaysPerMonthSchedule"
	FilterCron            = "CronExpressionSchedule"
	FilterFeed            = "FeedFilter"
	FilterBuiltInFeed     = "ArcFeedFilter"
	FilterGit             = "GitFilter"
	FilterWebhook         = "WebhookFilter"
)

// The types of a trigger's action.
const (
	ActionAutoDeploy    = "AutoDeploy"
	ActionDeployLatest  = "DeployLatestRelease"
	ActionDeployTo      = "DeployLatestReleaseToEnvironment"
	ActionDeployNew     = "DeployNewRelease"
	ActionRunRunbook    = "RunRunbook"
	ActionCreateRelease = "CreateRelease"
)

var (
	filterTypes  = []string{FilterMachine, FilterOnceDaily, FilterContinuousDaily, FilterDaily, FilterDaysPerWeek, FilterDaysPerMonth, FilterCron, FilterFeed, FilterBuiltInFeed, FilterGit, FilterWebhook}
	triggerTypes = []string{ActionAutoDeploy, ActionDeployLatest, ActionDeployTo, ActionDeployNew, ActionRunRunbook, ActionCreateRelease}
)

// ProjectTriggers holds the triggers of all projects.
var ProjectTriggers = kind.Register(kind.Kind[ProjectTrigger]{
	Plural:      "ProjectTriggers",
	Singular:    "Trigger",
	Permissions: rights("Trigger"),
	Links:       map[string]string{"Project": "~/projects/<ProjectId>", "Status": "./status"},
	Owner:       func(t *ProjectTrigger) string { return t.ProjectID },
	Rules: func(tx *store.Tx, next, old *ProjectTrigger, c *fault.Complaints) error {
		if old != nil {
			next.ProjectID = old.ProjectID
		}
		checkFilter(&next.Filter, c)
		checkWebhook(next, old, c)
		checkTriggerAction(&next.Action, c)
		return oneBuiltInFeedTrigger(tx, next, c)
	},
	Created: func(tx *store.Tx, made *ProjectTrigger) error { return made.Arm(tx, time.Now()) },
	Changed: func(tx *store.Tx, now, old *ProjectTrigger) error {
		if now.IsDisabled == old.IsDisabled && reflect.DeepEqual(now.Filter, old.Filter) {
			return nil
		}
		return now.Arm(tx, time.Now())
	},
	Deleting: disarm,
})

// Scheduled says whether a trigger goes by the clock.
func (t *ProjectTrigger) Scheduled() bool { return strings.HasSuffix(t.Filter.FilterType, "Schedule") }

// oneOf brings a name to its canonical case, or complains.
func oneOf(value *string, known []string, where string, c *fault.Complaints) {
	for _, k := range known {
		if strings.EqualFold(k, *value) {
			*value = k
			return
		}
	}
	c.Add("%s is %q, which is not one of %s.", where, *value, strings.Join(known, ", "))
}

func checkFilter(f *TriggerFilter, c *fault.Complaints) {
	before := len(*c)
	oneOf(&f.FilterType, filterTypes, "Filter.FilterType", c)
	if strings.HasSuffix(f.FilterType, "Schedule") && f.Timezone == "" {
		f.Timezone = "UTC"
	}
	switch f.FilterType {
	case FilterOnceDaily, FilterDaysPerWeek:
		if f.StartTime == nil {
			c.Add("Filter.StartTime must not be empty.")
		}
	case FilterDaysPerMonth:
		if f.StartTime == nil {
			c.Add("Filter.StartTime must not be empty.")
		}
		oneOf(&f.MonthlyScheduleType, []string{"DateOfMonth", "DayOfMonth"}, "Filter.MonthlyScheduleType", c)
	case FilterCron:
		f.CronExpression = strings.TrimSpace(f.CronExpression)
	case FilterContinuousDaily:
		oneOf(&f.Interval, []string{"OnceHourly", "OnceEveryMinute", "OnceDaily"}, "Filter.Interval", c)
	}
	days := []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	for i := range f.DaysOfWeek {
		oneOf(&f.DaysOfWeek[i], days, "Filter.DaysOfWeek", c)
	}
	if f.DayOfWeek != "" {
		oneOf(&f.DayOfWeek, days, "Filter.DayOfWeek", c)
	}
	if strings.HasSuffix(f.FilterType, "Schedule") && len(*c) == before {
		f.checkSchedule(c)
	}
}

// checkWebhook gives a trigger that waits for calls its address, which it keeps,
// and sees to it that not everybody may call.
func checkWebhook(next, old *ProjectTrigger, c *fault.Complaints) {
	f := &next.Filter
	if f.FilterType != FilterWebhook {
		f.WebhookID, f.Secret, f.RequireAPIKey = "", nil, nil
		return
	}
	if f.WebhookID = ""; old != nil {
		f.WebhookID = old.Filter.WebhookID
	}
	if f.WebhookID == "" {
		f.WebhookID = newGUID()
	}
	if f.RequireAPIKey == nil {
		f.RequireAPIKey = new(bool)
	}
	switch secret := f.Secret != nil && f.Secret.HasValue; {
	case !*f.RequireAPIKey && !secret:
		c.Add("Filter.Secret must not be empty, unless Filter.RequireApiKey is true.")
	case *f.RequireAPIKey && secret:
		c.Add("Filter.Secret must be empty where Filter.RequireApiKey is true: the trigger is called with a key or with a secret.")
	}
}

func checkTriggerAction(a *TriggerAction, c *fault.Complaints) {
	oneOf(&a.ActionType, triggerTypes, "Action.ActionType", c)
	if _, err := a.Answers(); err != nil {
		c.Add("%s", err)
	}
	switch a.ActionType {
	case ActionDeployLatest:
		if len(a.SourceEnvironmentIDs) == 0 {
			c.Add("Action.SourceEnvironmentIds must not be empty.")
		}
		if a.DestinationEnvironmentID == "" {
			c.Add("Action.DestinationEnvironmentId must not be empty.")
		}
		if a.ShouldRedeployWhenReleaseIsCurrent == nil {
			yes := true
			a.ShouldRedeployWhenReleaseIsCurrent = &yes
		}
	case ActionDeployTo:
		if a.EnvironmentID == "" && a.DestinationEnvironmentID == "" {
			c.Add("Action.EnvironmentId must not be empty.")
		}
	case ActionDeployNew:
		if a.EnvironmentID == "" {
			c.Add("Action.EnvironmentId must not be empty.")
		}
	case ActionRunRunbook:
		if a.RunbookID == "" && len(a.RunbookTags) == 0 {
			c.Add("Action.RunbookId must not be empty.")
		}
		if len(a.EnvironmentIDs) == 0 {
			c.Add("Action.EnvironmentIds must not be empty.")
		}
	}
}

// Answers are the values that a trigger gives to prompted variables.
func (a *TriggerAction) Answers() (map[string]string, error) {
	answers := maps.Clone(a.FormValues)
	if answers == nil {
		answers = map[string]string{}
	}
	if strings.TrimSpace(a.Variables) == "" {
		return answers, nil
	}
	var more map[string]string
	if err := json.Unmarshal([]byte(a.Variables), &more); err != nil {
		return nil, fault.New(fault.Invalid, "Action.Variables is not a JSON object of texts by variable name, such as {\"Colour\": \"red\"}.")
	}
	maps.Copy(answers, more)
	return answers, nil
}

// oneBuiltInFeedTrigger lets only one trigger of a project create releases when
// packages arrive at the built-in feed: two would create two.
func oneBuiltInFeedTrigger(tx *store.Tx, next *ProjectTrigger, c *fault.Complaints) error {
	if next.Filter.FilterType != FilterBuiltInFeed {
		return nil
	}
	all, _, err := kind.Of[ProjectTrigger]().List(tx, kind.Query{Space: next.SpaceID, Match: map[string]string{"ProjectId": next.ProjectID}})
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.ID != next.ID && t.Filter.FilterType == FilterBuiltInFeed {
			c.Add("Trigger '%s' of this project already waits for packages of the built-in feed; there can be only one.", t.Name)
		}
	}
	return nil
}
