package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// The types of interruptions that the server raises.
const (
	ManualIntervention    = "ManualIntervention"
	GuidedFailure         = "GuidedFailure"
	PullRequestCompletion = "PullRequestCompletion"
)

// Interruption is a question for which a task waits. Whoever raises one or
// submits its form appends the audit event, which says more than that a
// document was written.
type Interruption struct {
	kind.Base
	Title                       string     `json:"Title"`
	Type                        string     `json:"Type" kind:"enum=ManualIntervention|GuidedFailure|PullRequestCompletion|ArgoCDApplicationSync|KubernetesResourceVerification,filter"`
	Created                     kind.Time  `json:"Created"`
	IsPending                   bool       `json:"IsPending"`
	Form                        Form       `json:"Form"`
	RelatedDocumentIDs          []string   `json:"RelatedDocumentIds"`
	ResponsibleTeamIDs          []string   `json:"ResponsibleTeamIds" kind:"ref=Teams?"`
	ResponsibleUserID           string     `json:"ResponsibleUserId,omitempty" kind:"ref=Users?"`
	CanTakeResponsibility       bool       `json:"CanTakeResponsibility"`
	HasResponsibility           bool       `json:"HasResponsibility"`
	TaskID                      string     `json:"TaskId" kind:"required,filter"`
	CorrelationID               string     `json:"CorrelationId"`
	IsLinkedToOtherInterruption bool       `json:"IsLinkedToOtherInterruption"`
	PullRequests                []WorkItem `json:"PullRequests,omitempty"`
	ProjectID                   string     `json:"ProjectId,omitempty" kind:"within=project"`
	EnvironmentID               string     `json:"EnvironmentId,omitempty" kind:"within=environment"`
	TenantID                    string     `json:"TenantId,omitempty" kind:"within=tenant"`
}

// Interruptions are the questions that tasks wait for, and waited for.
var Interruptions = kind.Register(kind.Kind[Interruption]{
	Plural:      "Interruptions",
	Title:       "Title",
	Repeats:     true,
	Silent:      true,
	Order:       "created desc, id",
	Links:       map[string]string{"Submit": "./submit", "Responsible": "./responsible"},
	Permissions: kind.Permissions{View: "InterruptionView", Create: "InterruptionSubmit", Edit: "InterruptionSubmit", Delete: "InterruptionSubmit"},
	Rules: func(_ *store.Tx, next, old *Interruption, _ *fault.Complaints) error {
		if old != nil {
			next.Created = old.Created
		}
		if next.Created.IsZero() {
			next.Created = kind.Now()
		}
		// What these say depends on who asks, so the document does not.
		next.CanTakeResponsibility, next.HasResponsibility = false, false
		return nil
	},
})

// PendingInterruptions lists the unanswered questions of a task.
func PendingInterruptions(tx *store.Tx, space, taskID string) ([]*Interruption, error) {
	all, _, err := Interruptions.List(tx, kind.Query{Space: space, Match: map[string]string{"TaskId": taskID}, OrderBy: "created, id"})
	if err != nil {
		return nil, err
	}
	pending := all[:0]
	for _, i := range all {
		if i.IsPending {
			pending = append(pending, i)
		}
	}
	return pending, nil
}
