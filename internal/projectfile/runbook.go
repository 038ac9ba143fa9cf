package projectfile

import (
	"path"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/ocl"
)

// RunbookFolder is where the files of a project's runbooks lie.
const RunbookFolder = "runbooks"

// RunbookFile is the file of a runbook.
func RunbookFile(slug string) string { return path.Join(RunbookFolder, slug+".ocl") }

// RunbookSlug is the slug of the runbook of a file; ok is false for other files.
func RunbookSlug(file string) (slug string, ok bool) {
	return strings.CutSuffix(path.Base(file), ".ocl")
}

// ReadRunbook reads a runbook and its steps.
func ReadRunbook(file string, content []byte, names Names) (*catalog.Runbook, []catalog.Step, error) {
	b := &catalog.Runbook{MultiTenancyMode: "Untenanted", EnvironmentScope: "All", DefaultGuidedFailureMode: "EnvironmentDefault"}
	emptyPolicy(&b.ConnectivityPolicy)
	var steps []catalog.Step
	err := read(file, content, names, "runbook", func(r *reader) table {
		return table{
			"name":                        r.text(&b.Name),
			"description":                 r.text(&b.Description),
			"multi_tenancy_mode":          r.oneOf(&b.MultiTenancyMode, "Untenanted", "TenantedOrUntenanted", "Tenanted"),
			"environment_scope":           r.oneOf(&b.EnvironmentScope, "All", "Specified", "FromProjectLifecycles"),
			"environments":                r.references("Environments", &b.Environments),
			"default_guided_failure_mode": r.oneOf(&b.DefaultGuidedFailureMode, guidedModes...),
			"force_package_download":      r.flag(&b.ForcePackageDownload),
			"fail_target_discovery":       r.flag(&b.FailTargetDiscovery),
			"cancel_queued_tasks":         r.flag(&b.CancelQueuedTasks),
			"cancel_running_tasks":        r.flag(&b.CancelRunningTasks),
			"tags":                        r.texts(&b.RunbookTags),
			"connectivity_policy":         r.policy(&b.ConnectivityPolicy),
			"run_retention_policy": r.inBlock(func() table {
				return table{
					"quantity_to_keep":    r.number(&b.RunRetentionPolicy.QuantityToKeep),
					"should_keep_forever": r.flag(&b.RunRetentionPolicy.ShouldKeepForever),
					"unit":                r.oneOf(&b.RunRetentionPolicy.Unit, "Items", "Days"),
					"type":                r.oneOf(&b.RunRetentionPolicy.Strategy, "Default", "Forever", "Count"),
				}
			}),
			"process": r.labelled(0, func(block *ocl.Block, _ string) { r.fields(block.Body, "process", r.steps(&steps)) }),
		}
	})
	if slug, ok := RunbookSlug(file); ok {
		b.Slug = slug
	}
	if b.Name == "" {
		b.Name = b.Slug
	}
	return b, steps, err
}

// WriteRunbook writes a runbook with its steps over a file that may be there
// already.
func WriteRunbook(r *catalog.Runbook, steps []catalog.Step, before []byte, names Names) ([]byte, error) {
	w := &writer{names: names}
	b := w.body()
	b.first = "name"
	b.text("name", r.Name, "")
	b.text("description", r.Description, "")
	b.text("multi_tenancy_mode", r.MultiTenancyMode, "Untenanted")
	b.text("environment_scope", r.EnvironmentScope, "All")
	b.references("environments", "Environments", r.Environments)
	b.text("default_guided_failure_mode", r.DefaultGuidedFailureMode, "EnvironmentDefault")
	b.flag("force_package_download", r.ForcePackageDownload)
	b.flag("fail_target_discovery", r.FailTargetDiscovery)
	b.flag("cancel_queued_tasks", r.CancelQueuedTasks)
	b.flag("cancel_running_tasks", r.CancelRunningTasks)
	b.texts("tags", r.RunbookTags)
	b.block("connectivity_policy", w.policy(&r.ConnectivityPolicy))
	keep := w.body()
	switch p := r.RunRetentionPolicy; {
	case p.Strategy == "Forever" || p.ShouldKeepForever:
		keep.add("type", "Forever")
	case p.Strategy == "Default" || p.QuantityToKeep == 0:
		keep.add("type", "Default")
	default:
		keep.add("quantity_to_keep", int64(p.QuantityToKeep))
		keep.text("unit", p.Unit, "Items")
	}
	b.block("run_retention_policy", keep)
	process := w.body()
	w.steps(process, steps)
	b.block("process", process)
	return w.print(b, before)
}
