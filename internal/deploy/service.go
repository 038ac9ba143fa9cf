// Package deploy turns a release and a process into work: it makes releases and
// deployments, computes their plans, and gives what carrying them out takes.
package deploy

import (
	"context"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/version"
)

// TaskDeploy is the name of the tasks that carry deployments out.
const TaskDeploy = "Deploy"

// Service makes releases and deployments of what projects say, and what the
// tasks of deployments are carried out with. It has no state of its own.
type Service struct {
	DB    *store.DB
	Queue *task.Queue
	Blobs blob.Store
	// Feeds tells which packages there are.
	Feeds Feeds
	// Git reads projects that are under version control.
	Git *gitproject.Service
	// Tools are handed to every job.
	Tools *step.Tools
	// URL is how people reach the server, for links; empty leaves them out.
	URL string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Feeds tells which packages there are. It may have to ask over the network,
// so it is never called within a transaction.
type Feeds interface {
	// Format says how the feed's versions are written and compared.
	Format(ctx context.Context, space, feedID string) (version.Format, error)
	// Versions lists the versions of a package that the feed offers; a package
	// that it does not know has none.
	Versions(ctx context.Context, space, feedID, packageID string) ([]rule.OfferedVersion, error)
	// Has says whether the feed has a version of a package.
	Has(ctx context.Context, space, feedID, packageID, version string) (bool, error)
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// deployArguments are the arguments of a task that carries a deployment out.
type deployArguments struct {
	DeploymentID string `json:"DeploymentId"`
}
