// Package command holds the commands that every agent knows: running a
// script, with packages beside it, and checking a machine's health.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/archive"
	"github.com/takodeploy/tako/internal/runner/convention"
)

// The variables that say which script to run.
const (
	varBody        = "Octopus.Action.Script.ScriptBody"
	varSyntax      = "Octopus.Action.Script.Syntax"
	varFileName    = "Octopus.Action.Script.ScriptFileName"
	varParameters  = "Octopus.Action.Script.ScriptParameters"
	varFailOnError = "Octopus.Action.FailScriptOnErrorOutput"
)

// Script is the command that runs one script: from a variable, or a file of
// the job's package. Further packages are put beside it.
var Script = runner.Register(runner.Command{Name: "script", Run: runScript})

func runScript(ctx context.Context, env *runner.Env) (int, error) {
	if err := stagePackages(ctx, env); err != nil {
		return 0, err
	}
	if _, own := env.Package(""); own {
		if err := convention.ConfigureFolder(env, env.Work); err != nil {
			return 0, err
		}
	}
	script, err := chooseScript(env)
	if err != nil {
		return 0, err
	}
	complaints := &counter{to: env.Stderr}
	env.Stderr = complaints
	code, err := env.RunScript(ctx, script)
	if err == nil && code == 0 && complaints.bytes.Load() > 0 && env.Vars.Flag(varFailOnError, false) {
		env.Errorf("The script wrote to its error output, which counts as a failure here.")
		return -1, nil
	}
	return code, err
}

// counter counts what a script itself writes.
type counter struct {
	to    io.Writer
	bytes atomic.Int64
}

// Write passes on and counts.
func (c *counter) Write(p []byte) (int, error) {
	c.bytes.Add(int64(len(p)))
	return c.to.Write(p)
}

// chooseScript finds the script that the variables name: a body, a body in
// one of several languages, or a file of the package.
func chooseScript(env *runner.Env) (runner.Script, error) {
	parameters, _ := env.Vars.Raw(varParameters)
	script := runner.Script{Parameters: parameters}
	if body, _ := env.Vars.Raw(varBody); strings.TrimSpace(body) != "" {
		script.Body, script.Syntax = body, runner.Bash
		if name := env.Vars.Text(varSyntax); name != "" {
			syntax, ok := runner.ParseSyntax(name)
			if !ok {
				return script, fmt.Errorf("the script's language %q is not known; known are %v", name, runner.Syntaxes)
			}
			script.Syntax = syntax
		}
		return script, nil
	}
	for _, syntax := range runner.Syntaxes {
		if body, _ := env.Vars.Raw(fmt.Sprintf("%s[%s]", varBody, syntax)); strings.TrimSpace(body) != "" {
			script.Body, script.Syntax = body, syntax
			return script, nil
		}
	}
	name := strings.ReplaceAll(strings.TrimSpace(env.Vars.Text(varFileName)), `\`, "/")
	if name == "" {
		return script, errors.New("the step has no script: neither a body nor a file name is set")
	}
	script.Path = filepath.Join(env.Work, filepath.FromSlash(name))
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return script, fmt.Errorf("the script file %q leads out of the package", name)
	}
	if _, err := os.Stat(script.Path); err != nil {
		return script, fmt.Errorf("the package has no script file %s", name)
	}
	return script, nil
}

// stagePackages puts the job's packages where the script finds them: the
// step's own into the working directory, each other into a folder of its
// reference's name, or as a file when it is not to be unpacked.
func stagePackages(ctx context.Context, env *runner.Env) error {
	for _, pkg := range env.Job.Packages {
		source, err := env.PackagePath(pkg)
		if err != nil {
			return err
		}
		prefix := "Octopus.Action.Package[" + pkg.Name + "]."
		env.Vars.Set(prefix+"PackageId", pkg.ID)
		env.Vars.Set(prefix+"PackageVersion", pkg.Version)
		env.Vars.Set(prefix+"OriginalPath", source)
		dir := env.Work
		if pkg.Name != "" {
			dir = filepath.Join(env.Work, folderName(pkg.Name))
		}
		if pkg.Name != "" && !env.Vars.Flag(prefix+"Extract", true) {
			err = placePackage(env, pkg, source, dir, prefix)
		} else {
			err = extractPackage(ctx, env, pkg, source, dir, prefix)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func extractPackage(ctx context.Context, env *runner.Env, pkg runner.Package, source, dir, prefix string) error {
	env.Verbosef("Extracting package %s %s to %s", pkg.ID, pkg.Version, dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of package %s: %w", pkg.ID, err)
	}
	if _, err := archive.ExtractInto(ctx, source, dir, archive.Options{Name: pkg.ID + " " + pkg.Version}); err != nil {
		return err
	}
	env.Vars.Set(prefix+"ExtractedPath", dir)
	if pkg.Name == "" {
		env.Vars.Set("Octopus.Action.Package.ExtractedPath", dir)
	}
	return nil
}

// placePackage copies a package file into the working directory, as a link
// where the file system allows it.
func placePackage(env *runner.Env, pkg runner.Package, source, dir, prefix string) error {
	path := dir + pkg.Extension
	if err := os.Link(source, path); err != nil {
		if err := copyFile(source, path); err != nil {
			return fmt.Errorf("placing package %s %s: %w", pkg.ID, pkg.Version, err)
		}
	}
	env.Vars.Set(prefix+"PackageFilePath", path)
	env.Vars.Set(prefix+"PackageFileName", filepath.Base(path))
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

// folderName makes a folder's name of a reference's.
func folderName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if strings.Trim(clean, ".") == "" {
		return "_" + clean
	}
	return clean
}
