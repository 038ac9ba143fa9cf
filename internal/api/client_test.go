package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/retention"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/task"
)

// thing is a JSON object.
type thing = map[string]any

// client sends requests to a harness as somebody.
type client struct {
	*harness
	as string // an API key
}

// newClient makes a whole server, deployments included, and the client of its
// administrator.
func newClient(t *testing.T) *client {
	t.Helper()
	dir := t.TempDir()
	h := newHarness(t, func(o *Options) {
		o.Feeds = &feed.Feeds{DB: o.DB, Blobs: o.Blobs}
		tools := step.NewTools(step.Kit{DB: o.DB, Blobs: o.Blobs, Dir: dir, Packages: o.Feeds})
		o.Deploy = &deploy.Service{DB: o.DB, Queue: o.Tasks, Blobs: o.Blobs, Feeds: o.Feeds, Tools: tools,
			Git: &gitproject.Service{DB: o.DB, Repositories: gitrepo.New(filepath.Join(dir, "git"))}}
	})
	return &client{h, h.key}
}

// who makes a client of somebody who has a role, limited by a scope.
func (c *client) who(role string, limit func(*catalog.ScopedUserRole)) *client {
	c.Helper()
	return &client{c.harness, c.member("member of "+role+" "+fmt.Sprint(time.Now().UnixNano()), role, limit)}
}

// work carries tasks out until the test ends.
func (c *client) work() {
	r := task.NewRunner(c.api.Tasks, task.RunnerOptions{Node: "test", Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle(deploy.TaskDeploy, &run.Runner{Source: c.api.Deploy.Source(), Grace: time.Second})
	r.Handle(deploy.TaskRunbookRun, &run.Runner{Source: c.api.Deploy.RunbookSource(), Grace: time.Second})
	r.Handle(retention.TaskName, &retention.Keeper{DB: c.api.DB, Deploy: c.api.Deploy, Feed: c.api.Feeds.BuiltIn(), Blobs: c.api.Blobs, Pause: -1})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	c.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			c.Error(err)
		}
	})
}

// want sends JSON or, as a string, text, and expects a status.
func (c *client) want(status int, method, path string, body any) any {
	c.Helper()
	text, isText := body.(string)
	if !isText {
		return c.call(status, method, path, body, "X-Octopus-ApiKey", c.as)
	}
	a := c.send(method, path, strings.NewReader(text), "X-Octopus-ApiKey", c.as)
	if a.status != status {
		c.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if len(a.body) > 0 && (a.body[0] == '{' || a.body[0] == '[') {
		return a.json(c.harness)
	}
	return nil
}

func (c *client) get(path string) any            { c.Helper(); return c.want(200, "GET", path, nil) }
func (c *client) post(path string, body any) any { c.Helper(); return c.want(201, "POST", path, body) }
func (c *client) put(path string, body any) any  { c.Helper(); return c.want(200, "PUT", path, body) }
func (c *client) delete(path string)             { c.Helper(); c.want(200, "DELETE", path, nil) }

// refused expects an error and gives its sentences.
func (c *client) refused(status int, method, path string, body any) string {
	c.Helper()
	v := c.want(status, method, path, body)
	text := fmt.Sprint(at(v, "ErrorMessage"))
	if all, ok := at(v, "Errors").([]any); ok {
		for _, e := range all {
			text += "\n" + fmt.Sprint(e)
		}
	}
	return text
}

// text finds a value by a path such as "Items.0.Id".
func (c *client) text(v any, path string) string {
	c.Helper()
	for part := range strings.SplitSeq(path, ".") {
		if i := 0; len(part) < 4 {
			if _, err := fmt.Sscan(part, &i); err == nil {
				v = at(v, i)
				continue
			}
		}
		v = at(v, part)
	}
	return fmt.Sprint(v)
}

// until polls a path until a value in the answer is the one wanted.
func (c *client) until(path, member, wanted string) any {
	c.Helper()
	var v any
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if v = c.get(path); c.text(v, member) == wanted {
			return v
		}
	}
	c.Fatalf("%s: %s stays %s: %v", path, member, c.text(v, member), v)
	return nil
}
