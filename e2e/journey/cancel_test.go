package journey

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCancelEndsWhateverWaits cancels tasks that wait for a person, for a gate
// in a script that never ends, and in the queue.
func TestCancelEndsWhateverWaits(t *testing.T) {
	engines(t, func(w *world) {
		w.furnish()
		manual := step("Approve", object{}, object{"ActionType": "Octopus.Manual", "Properties": object{
			"Octopus.Action.Manual.Instructions": "Look.", "Octopus.Action.Manual.BlockConcurrentDeployments": "False", "Octopus.Action.RunOnServer": "false"}})
		w.project("Manual", manual)
		w.project("Guided", script("Break", "echo broken; exit 3", ""))
		started := filepath.Join(w.dir, "started")
		w.project("Endless", script("Sleep", "trap '' TERM INT HUP; echo $$ > "+started+"; while true; do sleep 1; done", ""))
		asked := func(task string) {
			w.until(task+" asks", time.Minute, func() bool { return w.get("/api/tasks/" + task)["HasPendingInterruptions"] == true })
		}
		cancel := func(task string) {
			w.post("/api/tasks/"+task+"/cancel", nil)
			w.wait(task, "Canceled")
		}

		task := w.deploy("Manual", w.release("Manual", nil), "Development", nil)
		asked(task)
		cancel(task)
		if pending := objects(w.get(space + "/interruptions?pendingOnly=true&regarding=" + task)["Items"]); len(pending) != 0 {
			w.Errorf("%s was canceled but is still asked about: %v", task, pending)
		}

		task = w.deploy("Guided", w.release("Guided", nil), "Development", object{"UseGuidedFailure": true})
		asked(task)
		cancel(task)
		if pending := objects(w.get(space + "/interruptions?pendingOnly=true&regarding=" + task)["Items"]); len(pending) != 0 {
			w.Errorf("%s was canceled but is still asked about: %v", task, pending)
		}

		version := w.release("Endless", nil)
		task = w.deploy("Endless", version, "Development", nil)
		w.until("the script starts", time.Minute, func() bool { return w.read(started) != "" })
		behind := w.deploy("Endless", version, "Development", nil)
		cancel(behind)
		cancel(task)
		pid := strings.TrimSpace(w.read(started))
		w.until("the script is gone", time.Minute, func() bool { return w.read("/proc/"+pid+"/cmdline") == "" })
		if !strings.Contains(w.raw(task), "cancel") {
			w.Errorf("the log does not speak of the cancellation:\n%s", w.raw(task))
		}

		// A canceled task holds nothing: the next one of the same kind goes on.
		task = w.deploy("Manual", w.release("Manual", nil), "Development", nil)
		asked(task)
		cancel(task)
	})
}
