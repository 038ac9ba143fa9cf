// Package convention deploys a package to the machine that it runs on: unpack,
// run the scripts that come with the package or the step, adapt configuration
// files, install into a folder of the user's choice, and remember it.
//
// Each convention is one file and the pipeline is a list of them. Variables and
// the order of the conventions are those of the field, so that packages made
// for other servers deploy unchanged.
package convention

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/journal"
	"github.com/takodeploy/tako/internal/runner/message"
)

// Package is the command that deploys the job's own package.
var Package = runner.Register(runner.Command{Name: "package", Run: runPackage})

// deployment is one package on its way through the conventions.
type deployment struct {
	*runner.Env
	pkg     runner.Package
	file    string // the package's file in the cache
	journal *journal.Journal
	set     string // the series of deployments that this one belongs to
	folder  string // where the package was unpacked
	current string // where the files that count are: folder, or the user's choice
	code    int    // of the script that failed
}

// convention is one thing that is done to a deployment.
type convention struct {
	name string
	run  func(ctx context.Context, d *deployment) error
}

// pipeline is what happens to a package, in order.
var pipeline = []convention{
	{"previous installation", previousInstallation},
	{"already installed", alreadyInstalled},
	{"extract", extract},
	{"other packages", otherPackages},
	{"configured PreDeploy script", configuredScript("PreDeploy")},
	{"packaged PreDeploy script", packagedScript("PreDeploy")},
	{"configuration", configureFiles},
	{"custom installation directory", installToCustomDirectory},
	{"packaged Deploy script", packagedScript("Deploy")},
	{"configured Deploy script", configuredScript("Deploy")},
	{"packaged PostDeploy script", packagedScript("PostDeploy")},
	{"configured PostDeploy script", configuredScript("PostDeploy")},
}

// The variables that steer the pipeline itself.
const (
	varSkipRemaining = "Octopus.Action.SkipRemainingConventions"
	varSkipJournal   = "Octopus.Action.SkipJournal"
	varPolicySet     = "OctopusRetentionPolicySet"
	varPackageID     = "Octopus.Action.Package.PackageId"
	varVersion       = "Octopus.Action.Package.PackageVersion"
)

func runPackage(ctx context.Context, env *runner.Env) (int, error) {
	d, err := newDeployment(env)
	if err != nil {
		return 1, err
	}
	d.hold()
	env.Printf("Deploying package %s %s", d.pkg.ID, d.pkg.Version)
	err = d.deploy(ctx)
	if err != nil && ctx.Err() == nil {
		d.failed(ctx)
	}
	if noted := d.remember(err == nil); noted != nil {
		// A deployment that nobody knows of would never be cleaned up.
		err = errors.Join(err, noted)
	}
	if err != nil {
		return max(d.code, 1), err
	}
	d.retain()
	return 0, nil
}

// newDeployment gathers what a job says about its own package.
func newDeployment(env *runner.Env) (*deployment, error) {
	pkg, ok := env.Package("")
	if !ok {
		return nil, fault.New(fault.Invalid, "The step has no package to deploy")
	}
	file, err := env.PackagePath(pkg)
	if err != nil {
		return nil, err
	}
	d := &deployment{Env: env, pkg: pkg, file: file, current: env.Work, journal: journal.Open(journalPath(env))}
	d.setDefault(varPackageID, pkg.ID)
	d.setDefault(varVersion, pkg.Version)
	d.Vars.Set("Octopus.Tentacle.CurrentDeployment.PackageFilePath", file)
	d.Vars.Set("Octopus.Action.Package[].OriginalPath", file)
	d.set = d.policySet()
	return d, nil
}

func (d *deployment) setDefault(name, value string) {
	if d.Vars.Text(name) == "" {
		d.Vars.Set(name, value)
	}
}

// deploy runs the pipeline until it ends, fails or is told to stop.
func (d *deployment) deploy(ctx context.Context) error {
	for _, c := range pipeline {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := c.run(ctx, d); err != nil {
			return err
		}
		if d.Vars.Flag(varSkipRemaining, false) {
			d.Verbosef("Skipping what comes after the convention '%s'", c.name)
			return nil
		}
	}
	return nil
}

// policySet names the series of deployments that retention looks at: the same
// step of the same project to the same machine, environment and tenant.
func (d *deployment) policySet() string {
	if set := d.Vars.Text(varPolicySet); set != "" {
		return set
	}
	tenant := d.Vars.Text("Octopus.Deployment.Tenant.Id")
	if tenant == "" {
		tenant = "<default>"
	}
	return strings.Join([]string{
		d.Vars.Text("Octopus.Environment.Id"), d.Vars.Text("Octopus.Project.Id"),
		"Step-" + d.Vars.Text("Octopus.Action.Name"), d.Vars.Text("Octopus.Machine.Id"), tenant,
	}, "/")
}

// feature says that the step has one of the optional features switched on.
func (d *deployment) feature(name string) bool {
	for _, enabled := range d.Vars.Strings("Octopus.Action.EnabledFeatures") {
		if strings.EqualFold(enabled, "Octopus.Features."+name) {
			return true
		}
	}
	return false
}

// output makes an output variable, which what follows can read as well.
func (d *deployment) output(name, value string) {
	fmt.Fprintln(d.Stdout, message.Format(message.SetVariable, message.Arg{Key: "name", Value: name}, message.Arg{Key: "value", Value: value}))
	d.setOutput(name, value, false)
}

// setOutput makes a value known to what follows under all of its names.
func (d *deployment) setOutput(name, value string, sensitive bool) {
	names := []string{name}
	if step := d.Vars.Text("Octopus.Action.Name"); step != "" {
		names = append(names, fmt.Sprintf("Octopus.Action[%s].Output.%s", step, name))
		if machine := d.Vars.Text("Octopus.Machine.Name"); machine != "" {
			names = append(names, fmt.Sprintf("Octopus.Action[%s].Output[%s].%s", step, machine, name))
		}
	}
	for _, n := range names {
		if sensitive {
			d.Vars.SetSensitive(n, value)
		} else {
			d.Vars.Set(n, value)
		}
	}
}

// environment reads a variable of the environment that the job's processes get.
func environment(env *runner.Env, name string) string {
	value := ""
	for _, pair := range env.Environ {
		if n, v, _ := strings.Cut(pair, "="); n == name {
			value = v
		}
	}
	return value
}

// journalPath is where the machine's deployment journal is.
func journalPath(env *runner.Env) string {
	if path := environment(env, "TentacleJournal"); path != "" {
		return path
	}
	return filepath.Join(env.Root, "DeploymentJournal.xml")
}
