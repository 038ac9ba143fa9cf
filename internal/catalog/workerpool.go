package catalog

import (
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// The types of worker pools.
const (
	StaticWorkerPool  = "StaticWorkerPool"
	DynamicWorkerPool = "DynamicWorkerPool"
)

// WorkerPool is a set of workers of which a step takes one. While the default
// pool of a space has no workers, the server itself is its worker.
type WorkerPool struct {
	kind.Named
	Description    string `json:"Description" kind:"max=4000"`
	IsDefault      bool   `json:"IsDefault" kind:"filter"`
	SortOrder      int    `json:"SortOrder"`
	WorkerPoolType string `json:"WorkerPoolType" kind:"enum=StaticWorkerPool|DynamicWorkerPool"`
	CanAddWorkers  bool   `json:"CanAddWorkers" kind:"readonly"`
	WorkerType     string `json:"WorkerType,omitempty"`

	demoted bool // another one takes its place as the default
}

// WorkerPools are the worker pools of a space.
var WorkerPools = kind.Register(kind.Kind[WorkerPool]{
	Plural:      "WorkerPools",
	Singular:    "Worker pool",
	Order:       bySortOrder,
	Links:       map[string]string{"Workers": "./workers{?skip,take,partialName,isDisabled,healthStatuses,commStyles,shellNames}"},
	Permissions: kind.All("WorkerView", "WorkerEdit"),
	Rules:       workerPoolRules,
	Created:     demotePools,
	Changed:     func(tx *store.Tx, now, _ *WorkerPool) error { return demotePools(tx, now) },
	Deleting: func(_ *store.Tx, gone *WorkerPool) error {
		if gone.IsDefault {
			return fault.New(fault.Invalid, "The worker pool '%s' is the default and cannot be deleted. Make another one the default first.", gone.Name)
		}
		return nil
	},
})

// ArrangeWorkerPools puts the worker pools of a space in an order.
func ArrangeWorkerPools(tx *store.Tx, space string, ids []string) error {
	return arrange(tx, WorkerPools, space, ids, func(p *WorkerPool) string { return p.ID }, poolPlace)
}

func poolPlace(p *WorkerPool) *int { return &p.SortOrder }

func workerPoolRules(tx *store.Tx, next, old *WorkerPool, c *fault.Complaints) (err error) {
	if old != nil {
		next.WorkerPoolType = old.WorkerPoolType
		if old.IsDefault && !next.IsDefault && !next.demoted {
			c.Add("The worker pool '%s' is the default. Make another one the default instead.", old.Name)
		}
	} else if next.SortOrder == 0 {
		if next.SortOrder, err = last(tx, kind.Of[WorkerPool](), next.SpaceID); err != nil {
			return err
		}
	}
	next.CanAddWorkers = next.WorkerPoolType == StaticWorkerPool
	if next.WorkerPoolType == StaticWorkerPool {
		next.WorkerType = ""
	} else if strings.TrimSpace(next.WorkerType) == "" {
		c.Add("WorkerType must not be empty for a dynamic worker pool.")
	}
	return nil
}

// demotePools leaves one default.
func demotePools(tx *store.Tx, now *WorkerPool) error {
	if !now.IsDefault {
		return nil
	}
	all, _, err := kind.Of[WorkerPool]().List(tx, kind.Query{Space: now.SpaceID})
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.ID == now.ID || !p.IsDefault {
			continue
		}
		p.IsDefault, p.demoted = false, true
		if err := kind.Of[WorkerPool]().Put(tx, p); err != nil {
			return err
		}
	}
	return nil
}

func seedWorkerPool(tx *store.Tx, space string) error {
	p := &WorkerPool{IsDefault: true}
	p.SpaceID, p.Name = space, "Default Worker Pool"
	return kind.Of[WorkerPool]().Put(tx, p)
}
