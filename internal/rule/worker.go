package rule

import (
	"cmp"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
)

// Worker is a machine that runs steps on behalf of others.
type Worker struct {
	ID, Name string
	PoolIDs  []string
	Disabled bool
	Health   Health
	Busy     int // how much it is doing already
}

// Pool is a group of workers.
type Pool struct {
	ID, Name string
	Default  bool
	Dynamic  bool // its workers are made when they are asked for
}

// WorkerQuery says which worker an action wants.
type WorkerQuery struct {
	Pool string // the action's pool, by id; empty is the default
	// TargetPool is the pool of the target that the action works for; it takes
	// the default's place.
	TargetPool string
	// Prefer is a worker that this deployment has used already: packages and
	// tools are there.
	Prefer string
}

// WorkerChoice is where an action runs. A dynamic pool and the built-in worker
// have no Worker.
type WorkerChoice struct {
	Pool    Pool
	Worker  Worker
	BuiltIn bool
}

// ChooseWorker picks the worker of an action: one that is well, the one used
// before if possible, else the least busy. The built-in worker stands in only
// for a default pool without any workers; a pool whose workers are all unwell
// is an error, because falling back in silence would run the action elsewhere.
func ChooseWorker(pools []Pool, workers []Worker, q WorkerQuery) (WorkerChoice, error) {
	pool, err := findPool(pools, cmp.Or(q.Pool, q.TargetPool))
	if err != nil {
		return WorkerChoice{}, err
	}
	if pool.Dynamic {
		return WorkerChoice{Pool: pool}, nil
	}
	var members, fit []Worker
	for _, w := range workers {
		if ContainsFold(w.PoolIDs, pool.ID) {
			members = append(members, w)
		}
	}
	switch {
	case len(members) == 0 && pool.Default:
		return WorkerChoice{Pool: pool, BuiltIn: true}, nil
	case len(members) == 0:
		return WorkerChoice{}, fault.New(fault.Unavailable, "Worker pool %q has no workers.", pool.Name)
	}
	for _, w := range members {
		if !w.Disabled && w.Health != Unhealthy && w.Health != Unavailable {
			fit = append(fit, w)
		}
	}
	if len(fit) == 0 {
		return WorkerChoice{}, fault.New(fault.Unavailable, "Worker pool %q has no healthy worker: %s.", pool.Name, unfit(members))
	}
	best := slices.MinFunc(fit, func(a, b Worker) int {
		return cmp.Or(
			cmp.Compare(demerit(&a, q.Prefer), demerit(&b, q.Prefer)),
			cmp.Compare(a.Busy, b.Busy), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return WorkerChoice{Pool: pool, Worker: best}, nil
}

// findPool finds a pool by id, slug-like name, or the default one.
func findPool(pools []Pool, wanted string) (Pool, error) {
	for _, p := range pools {
		if wanted == "" && p.Default || wanted != "" && strings.EqualFold(p.ID, wanted) {
			return p, nil
		}
	}
	for _, p := range pools {
		if wanted != "" && strings.EqualFold(p.Name, wanted) {
			return p, nil
		}
	}
	if wanted == "" {
		return Pool{}, fault.New(fault.Invalid, "There is no default worker pool.")
	}
	return Pool{}, fault.New(fault.Invalid, "There is no worker pool %q.", wanted)
}

// demerit ranks the workers that are fit: one used before, one known to be
// well, one that nobody has checked yet.
func demerit(w *Worker, prefer string) int {
	switch {
	case prefer != "" && w.ID == prefer:
		return 0
	case w.Health == Healthy || w.Health == HasWarnings:
		return 1
	}
	return 2
}

// unfit says what is wrong with each worker of a pool.
func unfit(workers []Worker) string {
	words := make([]string, len(workers))
	for i, w := range workers {
		words[i] = w.Name + " is " + strings.ToLower(string(w.Health))
		if w.Disabled {
			words[i] = w.Name + " is disabled"
		}
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
