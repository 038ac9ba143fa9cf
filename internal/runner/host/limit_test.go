package host

import (
	"io/fs"
	"syscall"
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

// A disk that is full is not a quota that is used up: another person mends it.
func TestWhatLackedRoomIsSaid(t *testing.T) {
	for err, want := range map[error]string{
		&fs.PathError{Op: "write", Path: "f", Err: syscall.ENOSPC}: "The machine's disk is full",
		&fs.PathError{Op: "write", Path: "f", Err: syscall.EDQUOT}: "The disk quota of the agent's user on the machine is used up",
		&fs.PathError{Op: "write", Path: "f", Err: syscall.EIO}:    "",
	} {
		o := &output{broken: err}
		if _, said := o.finish(); want != "" && said != want+": the rest of the output could not be stored." {
			t.Errorf("%v is said as %q", err, said)
		}
		if got, full := sentence(err), want+": "+err.Error(); want != "" && got != full || want == "" && got != err.Error() {
			t.Errorf("%v is said as %q", err, got)
		}
	}
}
