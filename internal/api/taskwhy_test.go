package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/task"
)

// TestWhyNamesThings asks why a task waits that another of the same concurrency
// tag is in the way of.
func TestWhyNamesThings(t *testing.T) {
	h := newHarness(t)
	project := h.project("Shop")
	environment := fmt.Sprint(at(h.call(201, "POST", "/api/Spaces-1/environments", thing{"Name": "Production"}), "Id"))
	tagged := task.New{Name: "Deploy", SpaceID: "Spaces-1", ProjectID: project, EnvironmentID: environment, Tag: project + "/" + environment}
	tagged.Description = "Deploy Shop release 1 to Production"
	first := h.enqueue(tagged)
	if err := h.api.Tasks.Join(t.Context(), "n", 5); err != nil {
		t.Fatal(err)
	}
	if got, err := h.api.Tasks.Claim(t.Context(), "n", time.Hour); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	tagged.Description = "Deploy Shop release 2 to Production"
	second := h.enqueue(tagged)
	want := "It waits for " + first + " (Deploy Shop release 1 to Production), which runs under the same concurrency tag (Shop/Production)."
	if got := at(h.call(200, "GET", "/api/tasks/"+second+"/why", nil), "Sentences", 0); got != want {
		t.Errorf("%v", got)
	}
}

// TestStoppedQueueOfASpace stops the queue of a space while a task of it runs,
// and starts it again.
func TestStoppedQueueOfASpace(t *testing.T) {
	h := newHarness(t)
	begun, release := make(chan string, 2), make(chan struct{})
	r := task.NewRunner(h.api.Tasks, task.RunnerOptions{Node: "n", Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle("X", task.HandlerFunc(func(ctx context.Context, x *task.Execution) (task.Outcome, error) {
		begun <- x.Task.ID
		select {
		case <-release:
			return task.Outcome{Act: task.Succeed}, nil
		case <-ctx.Done():
			return task.Outcome{}, ctx.Err()
		}
	}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	ended := func(id string) {
		soon(t, "the task has succeeded", func() bool { return at(h.call(200, "GET", "/api/tasks/"+id, nil), "State") == "Success" })
	}
	queue := func(stopped bool) {
		space := h.call(200, "GET", "/api/spaces/Spaces-1", nil).(map[string]any)
		space["TaskQueueStopped"] = stopped
		h.call(200, "PUT", "/api/spaces/Spaces-1", space)
	}

	first := h.enqueue(task.New{SpaceID: "Spaces-1"})
	<-begun
	queue(true)
	second := h.enqueue(task.New{SpaceID: "Spaces-1"})
	other := h.enqueue(task.New{})
	// Who comes later and may start has made the node look at the whole queue.
	if got := <-begun; got != other {
		t.Errorf("%s begins although its queue is stopped", got)
	}
	close(release)
	ended(first)
	ended(other)
	if got := at(h.call(200, "GET", "/api/tasks/"+second, nil), "State"); got != "Queued" {
		t.Errorf("it is %v", got)
	}
	if got := at(h.call(200, "GET", "/api/tasks/"+second+"/why", nil), "Sentences", 0); got != "The task queue of its space is stopped." {
		t.Errorf("it waits: %v", got)
	}
	queue(false)
	ended(second)
}
