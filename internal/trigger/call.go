package trigger

import (
	"context"
	"errors"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Allow is asked whether a caller may have something done in a place; an empty
// tenant is none.
type Allow func(tx *store.Tx, project *catalog.Project, environment, tenant string) error

// Call lets a trigger fire because a program elsewhere asks for it. Each call is
// an occasion of its own, whether or not what earlier ones started still waits.
// It fails if nothing could be started; nil allows everything.
func (w *Watch) Call(ctx context.Context, t *catalog.ProjectTrigger, allow Allow) error {
	for {
		o := &occasion{Watch: w, now: w.now(), allow: allow}
		err := w.DB.View(ctx, func(tx *store.Tx) error { return o.load(tx, catalog.TriggerStateID(t.ID)) })
		if err != nil {
			return err
		}
		if o.state.Waits != catalog.WaitsForCall {
			return fault.New(fault.Invalid, "Trigger '%s' does not wait for calls, or is disabled.", t.Name)
		}
		err = o.act(ctx)
		if errors.Is(err, errRaced) { // by another call, which has come to its end
			continue
		}
		if err == nil && !o.came.fired {
			err = fault.New(fault.Invalid, "%s", o.came.sentence())
		}
		return err
	}
}
