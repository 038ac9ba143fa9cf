package step

import "context"

// Script runs a script in bash, Python, PowerShell or C#, given as text or as
// a file of a package, with further packages beside it.
var Script = Register("Octopus.Script", ExecutorFunc(func(ctx context.Context, job *Job) (Outcome, error) {
	return runRemote(ctx, job, "script")
}))
