package catalog

import (
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Artifact is a file that a step collected, or that somebody added to a task.
// Its content is the blob of the name that Blob gives.
type Artifact struct {
	kind.Base
	Filename         string    `json:"Filename" kind:"required,max=500"`
	Source           string    `json:"Source"`
	ServerTaskID     string    `json:"ServerTaskId" kind:"filter"`
	Created          kind.Time `json:"Created"`
	LogCorrelationID string    `json:"LogCorrelationId"`
	ProjectID        string    `json:"ProjectId,omitempty" kind:"within=project"`
	EnvironmentID    string    `json:"EnvironmentId,omitempty" kind:"within=environment"`
	TenantID         string    `json:"TenantId,omitempty" kind:"within=tenant"`
}

// Artifacts are the files that steps collected.
var Artifacts = kind.Register(kind.Kind[Artifact]{
	Plural:      "Artifacts",
	Title:       "Filename",
	Repeats:     true,
	Order:       "created, id",
	Links:       map[string]string{"Content": "./content"},
	Permissions: rights("Artifact"),
	Rules: func(_ *store.Tx, next, old *Artifact, _ *fault.Complaints) error {
		if old != nil {
			next.Created, next.ServerTaskID, next.Filename = old.Created, old.ServerTaskID, old.Filename
		}
		// A file name, not a path: clients save it as such.
		next.Filename = next.Filename[strings.LastIndexAny(next.Filename, `/\`)+1:]
		if next.Created.IsZero() {
			next.Created = kind.Now()
		}
		return nil
	},
})

// Blob is the name of the blob that holds the artifact's content.
func (a *Artifact) Blob() string { return "artifacts/" + a.ID }
