package projectfile

import (
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/ocl"
)

// creationStrategy is a block of some files that is kept in the database here:
// which arriving package makes a release.
const creationStrategy = "release_creation_strategy"

// guidedModes are the ways in which failures may be guided.
var guidedModes = []string{"EnvironmentDefault", "Off", "On"}

// ReadSettings reads deployment settings. They name steps, which are those of
// the same commit.
func ReadSettings(file string, content []byte, steps []catalog.Step, names Names) (*catalog.DeploymentSettings, error) {
	s := &catalog.DeploymentSettings{DefaultGuidedFailureMode: "EnvironmentDefault", VersioningStrategy: &catalog.VersioningStrategy{}}
	emptyPolicy(&s.ConnectivityPolicy)
	err := read(file, content, names, "deployment settings", func(r *reader) table {
		return table{
			"default_guided_failure_mode":          r.oneOf(&s.DefaultGuidedFailureMode, guidedModes...),
			"release_notes_template":               r.text(&s.ReleaseNotesTemplate),
			"deployment_changes_template":          r.text(&s.DeploymentChangesTemplate),
			"default_to_skip_if_already_installed": r.flag(&s.DefaultToSkipIfAlreadyInstalled),
			"force_package_download":               r.flag(&s.ForcePackageDownload),
			"fail_target_discovery":                r.flag(&s.FailTargetDiscovery),
			"cancel_queued_tasks":                  r.flag(&s.CancelQueuedTasks),
			"cancel_running_tasks":                 r.flag(&s.CancelRunningTasks),
			"connectivity_policy":                  r.policy(&s.ConnectivityPolicy),
			"versioning_strategy": r.inBlock(func() table {
				return table{"template": r.text(&s.VersioningStrategy.Template), "donor_package": r.donor(s.VersioningStrategy, steps)}
			}),
			creationStrategy: func(ocl.Element) {},
		}
	})
	return s, err
}

func emptyPolicy(p *catalog.ConnectivityPolicy) {
	*p = catalog.ConnectivityPolicy{SkipMachineBehavior: "None", TargetRoles: []string{}}
}

func (r *reader) policy(p *catalog.ConnectivityPolicy) func(ocl.Element) {
	return r.inBlock(func() table {
		return table{
			"allow_deployments_to_no_targets": r.flag(&p.AllowDeploymentsToNoTargets),
			"exclude_unhealthy_targets":       r.flag(&p.ExcludeUnhealthyTargets),
			"skip_machine_behavior":           r.oneOf(&p.SkipMachineBehavior, "None", "SkipUnavailableMachines"),
			"target_roles":                    r.texts(&p.TargetRoles),
		}
	})
}

// donor reads the package that gives releases their version.
func (r *reader) donor(v *catalog.VersioningStrategy, steps []catalog.Step) func(ocl.Element) {
	return r.labelled(0, func(b *ocl.Block, _ string) {
		var slug, reference string
		r.fields(b.Body, b.Name, table{"step": r.text(&slug), "package": r.text(&reference)})
		for i := range steps {
			for j := range steps[i].Actions {
				if a := &steps[i].Actions[j]; strings.EqualFold(a.Slug, slug) || strings.EqualFold(a.Name, slug) {
					v.DonorPackage = &catalog.ActionPackage{DeploymentAction: a.Name, PackageReference: reference}
					return
				}
			}
		}
		r.complain(b, "The step '%s' of donor_package is not in the deployment process.", slug)
	})
}

// WriteSettings writes deployment settings over a file that may be there already.
func WriteSettings(s *catalog.DeploymentSettings, before []byte, steps []catalog.Step, names Names) ([]byte, error) {
	w := &writer{names: names}
	b := w.body()
	b.text("default_guided_failure_mode", s.DefaultGuidedFailureMode, "EnvironmentDefault")
	b.text("release_notes_template", s.ReleaseNotesTemplate, "")
	b.text("deployment_changes_template", s.DeploymentChangesTemplate, "")
	b.flag("default_to_skip_if_already_installed", s.DefaultToSkipIfAlreadyInstalled)
	b.flag("force_package_download", s.ForcePackageDownload)
	b.flag("fail_target_discovery", s.FailTargetDiscovery)
	b.flag("cancel_queued_tasks", s.CancelQueuedTasks)
	b.flag("cancel_running_tasks", s.CancelRunningTasks)
	b.block("connectivity_policy", w.policy(&s.ConnectivityPolicy))
	versioning := w.body()
	if v := s.VersioningStrategy; v != nil {
		versioning.text("template", v.Template, "")
		if v.DonorPackage != nil {
			donor := w.body()
			donor.text("package", v.DonorPackage.PackageReference, "")
			donor.add("step", w.actionSlug(v.DonorPackage.DeploymentAction, steps))
			versioning.block("donor_package", donor)
		}
	}
	b.block("versioning_strategy", versioning)
	if was, err := ocl.Parse(string(before)); err == nil {
		for _, e := range was {
			if e.Title() == creationStrategy {
				b.elements = append(b.elements, e)
			}
		}
	}
	return w.print(b, before)
}

func (w *writer) policy(p *catalog.ConnectivityPolicy) *body {
	b := w.body()
	b.flag("allow_deployments_to_no_targets", p.AllowDeploymentsToNoTargets)
	b.flag("exclude_unhealthy_targets", p.ExcludeUnhealthyTargets)
	b.text("skip_machine_behavior", p.SkipMachineBehavior, "None")
	b.texts("target_roles", p.TargetRoles)
	return b
}

func (w *writer) actionSlug(action string, steps []catalog.Step) string {
	for i := range steps {
		for j := range steps[i].Actions {
			if a := &steps[i].Actions[j]; strings.EqualFold(a.Name, action) || strings.EqualFold(a.Slug, action) {
				return a.Slug
			}
		}
	}
	w.wrong.Add("VersioningStrategy.DonorPackage names the step '%s', which is not in the deployment process.", action)
	return ""
}
