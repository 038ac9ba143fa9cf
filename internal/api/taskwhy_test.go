package api

import (
	"fmt"
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
