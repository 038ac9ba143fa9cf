package host

import (
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/runner"
)

// What a job that is out of time says is the limit that somebody has set, and
// not what was left of it when the job arrived.
func TestLimitIsSaidAsItWasSet(t *testing.T) {
	job := scriptJob("sleep 600")
	job.Timeout, job.Limit = 59*time.Millisecond, time.Minute
	exit := finish(t, begin(t, testEngine(t, t.TempDir()), "slow", job))
	if want := "The job took longer than its limit of 1 minute."; !exit.TimedOut || exit.Code != runner.ExitTimeout || exit.Reason != want {
		t.Errorf("%+v", exit)
	}
}
