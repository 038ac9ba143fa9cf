package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Worker is a machine that runs steps on behalf of others.
type Worker struct {
	kind.Named
	Condition
	WorkerPoolIDs []string `json:"WorkerPoolIds" kind:"ref=WorkerPools"`
}

// Workers are the workers of a space.
var Workers = kind.Register(kind.Kind[Worker]{
	Plural:      "Workers",
	Links:       map[string]string{"Connection": "./connection"},
	Permissions: kind.All("WorkerView", "WorkerEdit"),
	Rules:       workerRules,
})

func workerRules(tx *store.Tx, next, old *Worker, c *fault.Complaints) error {
	var before *Condition
	if old != nil {
		before = &old.Condition
	}
	if err := next.Condition.complete(tx, next.SpaceID, before, c); err != nil {
		return err
	}
	switch next.Endpoint.CommunicationStyle {
	case StyleListening, StylePolling, StyleSSH, StyleKubernetesAgent, "":
	default:
		c.Add("Endpoint.CommunicationStyle %s is not one that a worker can have.", next.Endpoint.CommunicationStyle)
	}
	next.WorkerPoolIDs = tidy(next.WorkerPoolIDs)
	if len(next.WorkerPoolIDs) == 0 {
		c.Add("WorkerPoolIds must name at least one worker pool.")
	}
	for _, id := range next.WorkerPoolIDs {
		pool, err := found(kind.Of[WorkerPool]().Get(tx, id))
		if err != nil {
			return err
		}
		if pool != nil && !pool.CanAddWorkers {
			c.Add("Workers cannot be added to the worker pool '%s': it makes its own.", pool.Name)
		}
	}
	return nil
}
