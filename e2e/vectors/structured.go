package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/takodeploy/tako/internal/runner/configure"
	"github.com/takodeploy/tako/octostache"
)

// The kind structured runs the folders of changed configuration files that an
// index.json lists: values by path, .NET settings, transforms and expressions.
var _ = register("structured", runStructured)

// A structuredVector is a file, the variables that go into it and what must
// come out, as another file or as assertions.
type structuredVector struct {
	Name        string
	Kind        string
	Format      string
	Input       string
	Transform   string
	Expected    string
	Compare     string
	ExpectError bool
	Assert      []structuredAssertion
}

func runStructured(file string) (Result, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Result{}, fmt.Errorf("read vectors: %w", err)
	}
	var list []structuredVector
	if err := json.Unmarshal(text, &list); err != nil {
		return Result{}, fmt.Errorf("decode vectors of %s: %w", file, err)
	}
	var r Result
	for _, v := range list {
		if err := v.run(filepath.Join(filepath.Dir(file), v.Name), &r); err != nil {
			return r, fmt.Errorf("vector %s: %w", v.Name, err)
		}
	}
	return r, nil
}

// run carries a vector out on a copy of its input.
func (v structuredVector) run(folder string, r *Result) error {
	work, err := os.MkdirTemp("", "vector")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for _, name := range []string{v.Input, v.Transform} {
		if name == "" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, name), content, 0o600); err != nil {
			return err
		}
	}
	variables, err := structuredVariables(filepath.Join(folder, "variables.json"))
	if err != nil {
		return err
	}
	log := &structuredLog{}
	problem := v.change(work, variables, log)
	got, err := os.ReadFile(filepath.Join(work, v.Input))
	if err != nil {
		return err
	}
	return v.judge(folder, got, problem, log, r)
}

// structuredVariables reads a vector's variables. The cases were taken from
// program text, where an expression that stood for a line end was left behind.
func structuredVariables(file string) (*octostache.Dictionary, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d := octostache.New()
	return d, d.Load(bytes.ReplaceAll(text, []byte("Environment.NewLine"), []byte(`\n`)))
}

// change does to the input what the vector's kind says.
func (v structuredVector) change(work string, d *octostache.Dictionary, log configure.Log) error {
	file := filepath.Join(work, v.Input)
	values := configure.NewVariables(d.Names(), d.Get)
	switch v.Kind {
	case "structured":
		return configure.StructuredFile(file, configure.StructuredOptions{Variables: values, Only: v.Format}, log)
	case "configVariables":
		return configure.DotNetFile(file, configure.DotNetOptions{
			Variables:    values,
			IgnoreErrors: d.Flag("Octopus.Action.Package.IgnoreVariableReplacementErrors", false),
		}, log)
	case "configTransform":
		return configure.TransformFile(file, filepath.Join(work, v.Transform), configure.TransformOptions{
			WarningsFail: d.Flag("Octopus.Action.Package.TreatConfigTransformationWarningsAsErrors", true),
			IgnoreErrors: d.Flag("Octopus.Action.Package.IgnoreConfigTransformationErrors", false),
			Quiet:        d.Flag("Octopus.Action.Package.SuppressConfigTransformationLogging", false),
		}, log)
	case "substitute":
		encoding, _ := d.Get("Octopus.Action.SubstituteInFiles.OutputEncoding")
		return configure.SubstituteFile(file, configure.SubstituteOptions{
			Evaluate: d.EvaluateLenient,
			Encoding: encoding,
			Strict:   d.Flag("OctopusShouldFailDeploymentOnSubstitutionFails", false),
		}, log)
	}
	return fmt.Errorf("unknown kind %q", v.Kind)
}

// structuredLog keeps what was reported.
type structuredLog struct {
	lines    strings.Builder
	warnings int
}

func (l *structuredLog) Printf(format string, args ...any) {
	fmt.Fprintf(&l.lines, format+"\n", args...)
}

func (l *structuredLog) Verbosef(format string, args ...any) { l.Printf(format, args...) }

func (l *structuredLog) Warnf(format string, args ...any) {
	l.warnings++
	l.Printf(format, args...)
}
