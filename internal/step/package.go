package step

import "context"

// DeployPackage unpacks a package on the target, configures it and runs its
// scripts.
var DeployPackage = Register("Octopus.TentaclePackage", ExecutorFunc(func(ctx context.Context, job *Job) (Outcome, error) {
	if !hasPrimary(job) {
		return Failure("The step %q names no package.", job.Action), nil
	}
	return runRemote(ctx, job, "package")
}))

// TransferPackage puts a package's file into a folder on the target.
var TransferPackage = Register("Octopus.TransferPackage", ExecutorFunc(func(ctx context.Context, job *Job) (Outcome, error) {
	if !hasPrimary(job) {
		return Failure("The step %q names no package.", job.Action), nil
	}
	return runRemote(ctx, job, "transfer")
}))

// hasPrimary reports whether the job has a package of its own, which is the
// one without a reference's name.
func hasPrimary(job *Job) bool {
	for _, p := range job.Packages {
		if p.Reference == "" && p.Acquire != ByNobody {
			return true
		}
	}
	return false
}
