package api

import (
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/console"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var _ = starts(console.TaskName, func(_ *API, r *Request, space string, arguments json.RawMessage) (task.New, error) {
	args, err := console.Read(arguments)
	if err != nil {
		return task.New{}, err
	}
	n := task.New{Arguments: args}
	err = r.View(func(tx *store.Tx) error {
		count, err := console.Count(tx, space, args)
		n.Description = fmt.Sprintf("Run a script on %d machines", count)
		if count == 1 {
			n.Description = "Run a script on one machine"
		}
		return err
	})
	return n, err
})
