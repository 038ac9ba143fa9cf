package server

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/task"
)

// tryMail carries out the tasks that send one message, to see whether mail
// works.
func tryMail(settings func(context.Context) (step.Mail, error)) task.HandlerFunc {
	return func(ctx context.Context, x *task.Execution) (task.Outcome, error) {
		var want step.MailTrial
		if err := json.Unmarshal(x.Task.Arguments, &want); err != nil {
			return task.Outcome{}, fmt.Errorf("reading what to do: %w", err)
		}
		mail, err := settings(ctx)
		if err != nil {
			return task.Outcome{}, err
		}
		if err := mail.SendTrial(ctx, want.EmailAddress, x.Task.ID, x.Task.QueueTime); err != nil {
			if ctx.Err() != nil {
				return task.Outcome{}, ctx.Err()
			}
			return task.Outcome{Act: task.Fail, Error: fmt.Sprintf("The message was not sent: %v", err)}, nil
		}
		return task.Outcome{Act: task.Succeed}, nil
	}
}
