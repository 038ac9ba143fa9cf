package convention

import (
	"time"

	"github.com/takodeploy/tako/internal/runner/journal"
)

// remember notes the deployment in the machine's journal, unless nothing was
// put on the machine.
func (d *deployment) remember(successful bool) error {
	if d.folder == "" || d.Vars.Flag(varSkipJournal, false) {
		return nil
	}
	e := journal.Entry{
		EnvironmentID:               d.Vars.Text("Octopus.Environment.Id"),
		TenantID:                    d.Vars.Text("Octopus.Deployment.Tenant.Id"),
		ProjectID:                   d.Vars.Text("Octopus.Project.Id"),
		RetentionPolicySet:          d.set,
		InstalledOn:                 time.Now(),
		ExtractedTo:                 d.folder,
		CustomInstallationDirectory: d.Vars.Text(varCustomDirectory),
		Successful:                  successful,
		Packages:                    []journal.Package{{ID: d.pkg.ID, Version: d.pkg.Version, DeployedFrom: d.file}},
	}
	for _, p := range d.Job.Packages {
		if p.Name == "" {
			continue
		}
		file, err := d.PackagePath(p)
		if err != nil {
			return err
		}
		e.Packages = append(e.Packages, journal.Package{ID: p.ID, Version: p.Version, DeployedFrom: file})
	}
	return d.journal.Add(e)
}
