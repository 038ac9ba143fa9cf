package convention

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/message"
)

// configuredScript runs the scripts of a stage that the step holds itself.
func configuredScript(stage string) func(context.Context, *deployment) error {
	return func(ctx context.Context, d *deployment) error {
		if !d.feature("CustomScripts") {
			return nil
		}
		for _, syntax := range runner.Syntaxes {
			name := "Octopus.Action.CustomScripts." + stage + syntax.Extension()
			body, _ := d.Vars.Raw(name)
			if strings.TrimSpace(body) == "" {
				continue
			}
			d.Verbosef("Executing '%s'", name)
			err := d.runScript(ctx, stage+" script", runner.Script{Syntax: syntax, Body: body, Name: name, Dir: d.current})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// packagedScript runs the script of a stage that came with the package, in the
// preferred language if there are several. It has done its work then and goes,
// so that what is installed holds only what is wanted there.
func packagedScript(stage string) func(context.Context, *deployment) error {
	return func(ctx context.Context, d *deployment) error {
		if !d.Vars.Flag("Octopus.Action.Package.RunScripts", true) {
			return nil
		}
		scripts, err := d.packagedScripts(stage)
		if err != nil || len(scripts) == 0 {
			return err
		}
		if len(scripts) > 1 {
			d.Verbosef("Found %d %s scripts. Selected %s, as preferred on this system.", len(scripts), stage, scripts[0])
		}
		d.Verbosef("Executing '%s'", scripts[0])
		if err := d.runScript(ctx, fmt.Sprintf("Script '%s'", scripts[0]), runner.Script{Path: scripts[0]}); err != nil {
			return err
		}
		if !d.Vars.Flag("OctopusDeleteScriptsOnCleanup", true) {
			return nil
		}
		for _, script := range scripts {
			if err := os.Remove(script); err != nil {
				d.Verbosef("The script '%s' could not be removed: %v", script, err)
			}
		}
		return nil
	}
}

// packagedScripts lists the scripts of a stage, the preferred language first.
func (d *deployment) packagedScripts(stage string) ([]string, error) {
	entries, err := os.ReadDir(d.current)
	if err != nil {
		return nil, err
	}
	var scripts []string
	for _, e := range entries {
		name := e.Name()
		if _, known := runner.SyntaxOf(name); known && strings.EqualFold(strings.TrimSuffix(name, filepath.Ext(name)), stage) && !e.IsDir() {
			scripts = append(scripts, filepath.Join(d.current, name))
		}
	}
	rank := func(path string) int {
		syntax, _ := runner.SyntaxOf(path)
		return slices.Index(runner.Syntaxes, syntax)
	}
	slices.SortStableFunc(scripts, func(a, b string) int { return rank(a) - rank(b) })
	return scripts, nil
}

// runScript runs a script and takes over the variables that it sets: the
// conventions after it see them.
func (d *deployment) runScript(ctx context.Context, what string, script runner.Script) error {
	stdout, stderr := d.Stdout, d.Stderr
	heard := &listener{to: stdout}
	complaints := &listener{to: stderr}
	d.Stdout, d.Stderr = heard, complaints
	code, err := d.RunScript(ctx, script)
	d.Stdout, d.Stderr = stdout, stderr
	for _, v := range heard.variables() {
		d.setOutput(v.Name, v.Value, v.Sensitive)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case code != 0:
		d.code = code
		return fault.New(fault.Invalid, "%s returned non-zero exit code: %d. Deployment terminated.", what, code)
	case complaints.bytes > 0 && d.Vars.Flag("Octopus.Action.FailScriptOnErrorOutput", false):
		return fault.New(fault.Invalid, "%s returned zero exit code but had error output. Deployment terminated.", what)
	}
	return nil
}

// listener passes a script's output on and picks out the variables it sets.
type listener struct {
	to     io.Writer
	mu     sync.Mutex
	bytes  int64
	parser message.Parser
	found  []message.Variable
}

// Write passes on and listens.
func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += int64(len(p))
	l.note(l.parser.Feed(message.Stdout, string(p)))
	return l.to.Write(p)
}

func (l *listener) note(events []message.Event) {
	for _, e := range events {
		if e.Message == nil {
			continue
		}
		if v, ok := e.Message.Variable(); ok {
			l.found = append(l.found, v)
		}
	}
}

func (l *listener) variables() []message.Variable {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(l.parser.Flush())
	return l.found
}

// failed runs the scripts that are there for when a deployment fails. What goes
// wrong in them is noted; the deployment has failed for another reason.
func (d *deployment) failed(ctx context.Context) {
	code := d.code
	defer func() { d.code = code }()
	for _, run := range []func(context.Context, *deployment) error{packagedScript("DeployFailed"), configuredScript("DeployFailed")} {
		if err := run(ctx, d); err != nil {
			d.Errorf("%v", err)
		}
	}
}
