package deploy_test

import (
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// TestBuiltInWorkerSwitchedOff runs nothing on the server's own machine once
// that is not wanted, and says which setting it is.
func TestBuiltInWorkerSwitchedOff(t *testing.T) {
	p := newPlant(t)
	p.process(script("Build", "echo built"))
	p.work()
	for _, on := range []bool{false, true} {
		p.do(func(tx *store.Tx) error {
			v := setting.Features.First
			v.IsBuiltInWorkerEnabled = on
			return setting.Features.Put(tx, v)
		})
		made := p.deploy(p.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")
		end := p.until(made[0].Task.ID, done)
		all := end.Error + p.log(end.ID)
		if (end.State == task.Success) != on || strings.Contains(all, "IsBuiltInWorkerEnabled") == on {
			t.Errorf("switched on %v: %s: %s", on, end.State, all)
		}
	}
}
