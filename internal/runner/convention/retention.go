package convention

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/journal"
)

// Clean is the command that applies retention on a machine: to the deployments
// of the series that OctopusRetentionPolicySet names, if it names one, and to
// the package cache.
var Clean = runner.Register(runner.Command{Name: "clean", Run: runClean})

// How many deployments to keep. A package step that has them cleans up behind
// itself when it has succeeded.
const (
	varKeepDays     = "Tako.Retention.Days"
	varKeepReleases = "Tako.Retention.Releases"
)

func runClean(_ context.Context, env *runner.Env) (int, error) {
	set, policy := env.Vars.Text(varPolicySet), retentionPolicy(env)
	if set != "" {
		if _, err := journal.Open(journalPath(env)).Clean(set, policy, time.Now(), env); err != nil {
			return 1, err
		}
	} else if policy != (journal.Policy{}) {
		return 1, fault.New(fault.Invalid, "No retention policy set was named")
	}
	return 0, cleanCache(env)
}

func retentionPolicy(env *runner.Env) journal.Policy {
	days, _ := env.Vars.Int(varKeepDays)
	releases, _ := env.Vars.Int(varKeepReleases)
	return journal.Policy{Days: int(days), Releases: int(releases)}
}

// retain applies the step's retention policy after a success. Failing at it
// does not undo the success.
func (d *deployment) retain() {
	policy := retentionPolicy(d.Env)
	if policy.Days <= 0 && policy.Releases <= 0 {
		return
	}
	if _, err := d.journal.Clean(d.set, policy, time.Now(), d); err != nil {
		d.Warnf("Old deployments could not be cleaned up: %v", err)
	}
	if err := cleanCache(d.Env); err != nil {
		d.Warnf("The package cache could not be cleaned up: %v", err)
	}
}

func openCache(env *runner.Env) *journal.Cache {
	path := environment(env, "CalamariPackageRetentionJournalPath")
	if path == "" {
		path = filepath.Join(env.Root, "PackageRetentionJournal.json")
	}
	return journal.OpenCache(path, filepath.Join(env.Root, "packages"))
}

// hold keeps the job's packages in the cache until the job ends.
func (d *deployment) hold() {
	cache := openCache(d.Env)
	for _, p := range d.Job.Packages {
		path, err := d.PackagePath(p)
		if err == nil {
			err = cache.Use(d.Ticket, journal.Cached{ID: p.ID, Version: p.Version, Path: path}, p.Size, time.Now())
		}
		if err != nil {
			d.Verbosef("The use of package %s could not be noted: %v", p.ID, err)
		}
	}
	d.AtEnd(func() {
		if err := cache.Release(d.Ticket, time.Now()); err != nil {
			d.Verbosef("The end of the packages' use could not be noted: %v", err)
		}
	})
}

// cleanCache removes packages that the machine's policy does not keep.
func cleanCache(env *runner.Env) error {
	policy := journal.CachePolicy{Packages: -1, Versions: 5}
	policy.Quantities = strings.EqualFold(env.Vars.Text("MachinePackageCacheRetentionStrategy"), "Quantities")
	if n, ok := env.Vars.Int("OctopusPackageRetentionPercentFreeDiskSpace"); ok {
		policy.PercentFree = int(n)
	}
	if n, ok := env.Vars.Int("MachinePackageCacheRetentionQuantityOfPackagesToKeep"); ok {
		policy.Packages = int(n)
	}
	if n, ok := env.Vars.Int("MachinePackageCacheRetentionQuantityOfVersionsToKeep"); ok {
		policy.Versions = int(n)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(env.Root, &disk); err != nil {
		env.Verbosef("Unable to determine disk space. Skipping package retention.")
		return nil
	}
	unit := uint64(disk.Bsize)
	_, err := openCache(env).Clean(policy, journal.Disk{Free: disk.Bavail * unit, Total: disk.Blocks * unit}, time.Now(), env)
	return err
}
