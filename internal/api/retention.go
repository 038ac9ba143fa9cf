package api

import (
	"encoding/json"

	"github.com/takodeploy/tako/internal/retention"
	"github.com/takodeploy/tako/internal/task"
)

// A task that somebody starts applies the policies of one space; the schedule's
// own are for all of them.
var _ = starts(retention.TaskName, func(_ *API, _ *Request, _ string, _ json.RawMessage) (task.New, error) {
	return task.New{Description: retention.Description, Tag: retention.Tag, Arguments: struct{}{}}, nil
})
