package convention

import (
	"context"
	"strings"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/configure"
)

// configureFiles adapts the package's configuration files, each way if the step
// has it switched on.
func configureFiles(_ context.Context, d *deployment) error { return configureFolder(d, d.current) }

// ConfigureFolder adapts the configuration files of a folder as the variables
// of a job say: those of a package that is there for its scripts.
func ConfigureFolder(env *runner.Env, folder string) error {
	return configureFolder(&deployment{Env: env}, folder)
}

func configureFolder(d *deployment, folder string) error {
	extra := d.Vars.Strings("Octopus.Action.AdditionalPaths")
	values := configure.NewVariables(d.Vars.Names(), d.Vars.Get)
	if err := d.substitute(folder, extra); err != nil {
		return err
	}
	applied, err := d.transform(folder, extra)
	if err != nil {
		return err
	}
	if err := d.dotNet(folder, extra, applied, values); err != nil {
		return err
	}
	return d.structured(folder, extra, values)
}

func (d *deployment) substitute(folder string, extra []string) error {
	if !d.feature("SubstituteInFiles") && !d.Vars.Flag("Octopus.Action.SubstituteInFiles.Enabled", false) {
		return nil
	}
	return configure.Substitute(folder, configure.SubstituteOptions{
		Targets:  d.Vars.Paths("Octopus.Action.SubstituteInFiles.TargetFiles"),
		Extra:    extra,
		Encoding: d.Vars.Text("Octopus.Action.SubstituteInFiles.OutputEncoding"),
		Evaluate: d.Vars.EvaluateLenient,
		Strict:   d.Vars.Flag("OctopusShouldFailDeploymentOnSubstitutionFails", false),
		Quiet:    !d.Vars.Flag("Octopus.Action.SubstituteInFiles.EnableNoMatchWarning", true),
	}, d)
}

// transform applies .NET configuration transforms and gives their files.
func (d *deployment) transform(folder string, extra []string) ([]string, error) {
	if !d.feature("ConfigurationTransforms") {
		return nil, nil
	}
	ignore := d.Vars.Flag("Octopus.Action.Package.IgnoreConfigTransformationErrors", false)
	o := configure.TransformOptions{
		Extra:        extra,
		Explicit:     d.Vars.Strings("Octopus.Action.Package.AdditionalXmlConfigurationTransforms", ',', '\r', '\n'),
		WarningsFail: !ignore && d.Vars.Flag("Octopus.Action.Package.TreatConfigTransformationWarningsAsErrors", true),
		IgnoreErrors: ignore,
		Quiet:        d.Vars.Flag("Octopus.Action.Package.SuppressConfigTransformationLogging", false),
		Diagnostics:  d.Vars.Flag("Octopus.Action.Package.EnableDiagnosticsConfigTransformationLogging", false),
	}
	if d.Vars.Flag("Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles", false) {
		o.Automatic = []string{"Release"}
		for _, name := range []string{"Octopus.Environment.Name", "Octopus.Deployment.Tenant.Name"} {
			if value := strings.TrimSpace(d.Vars.Text(name)); value != "" {
				o.Automatic = append(o.Automatic, value)
			}
		}
	}
	applied, err := configure.Transform(folder, o, d)
	d.Vars.Set("OctopusAppliedXmlConfigTransforms", strings.Join(applied, "|"))
	return applied, err
}

func (d *deployment) dotNet(folder string, extra, applied []string, values *configure.Variables) error {
	if !d.feature("ConfigurationVariables") || !d.Vars.Flag("Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings", false) {
		return nil
	}
	return configure.DotNet(folder, configure.DotNetOptions{
		Extra:        extra,
		Skip:         applied,
		Variables:    values,
		IgnoreErrors: d.Vars.Flag("Octopus.Action.Package.IgnoreVariableReplacementErrors", false),
	}, d)
}

func (d *deployment) structured(folder string, extra []string, values *configure.Variables) error {
	if !d.feature("JsonConfigurationVariables") && !d.Vars.Flag("Octopus.Action.Package.JsonConfigurationVariablesEnabled", false) {
		return nil
	}
	only := ""
	if d.Vars.Flag("Octopus.Action.StructuredConfigurationFallbackFlag", false) {
		only = "JSON"
	}
	return configure.Structured(folder, configure.StructuredOptions{
		Targets:   d.Vars.Paths("Octopus.Action.Package.JsonConfigurationVariablesTargets"),
		Extra:     extra,
		Only:      only,
		Variables: values,
	}, d)
}
