package api

import (
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/console"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = startsNarrowly(console.TaskName, func(_ *API, r *Request, space string, arguments json.RawMessage) (task.New, error) {
	args, err := console.Read(arguments)
	if err != nil {
		return task.New{}, err
	}
	var n task.New
	err = r.View(func(tx *store.Tx) error {
		if n.EnvironmentID, err = r.mayRunScript(tx, space, &args); err != nil {
			return err
		}
		n.Arguments = args
		count, err := console.Count(tx, space, args)
		n.Description = fmt.Sprintf("Run a script on %d machines", count)
		if count == 1 {
			n.Description = "Run a script on one machine"
		}
		return err
	})
	return n, err
})

// mayRunScript asks for TaskCreate where each of the targets is that a script is to
// run on, to which it is confined. Workers are of the whole space, and so is what
// reaches no target. It gives the environment if all targets are in the same and in
// no other.
func (r *Request) mayRunScript(tx *store.Tx, space string, args *console.Arguments) (environment string, err error) {
	machines, err := console.Machines(tx, space, *args)
	if err != nil {
		return "", err
	}
	args.Confine(machines)
	if len(machines) == 0 || len(args.WorkerIDs)+len(args.WorkerPoolIDs) > 0 {
		return "", r.Need("TaskCreate", At{Space: space})
	}
	for i, m := range machines {
		if err := r.NeedFor("TaskCreate", catalog.Machines, m); err != nil {
			return "", err
		}
		switch {
		case i == 0 && len(m.EnvironmentIDs) == 1:
			environment = m.EnvironmentIDs[0]
		case len(m.EnvironmentIDs) != 1 || m.EnvironmentIDs[0] != environment:
			environment = ""
		}
	}
	return environment, nil
}
