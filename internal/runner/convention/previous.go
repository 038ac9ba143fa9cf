package convention

import (
	"context"
	"os"

	"github.com/takodeploy/tako/internal/runner/journal"
)

// previousInstallation tells scripts and expressions what was installed here
// before, at all and with success.
func previousInstallation(_ context.Context, d *deployment) error {
	last, _, err := d.journal.Latest(d.set)
	if err != nil {
		return err
	}
	good, _, err := d.journal.LatestSuccessful(d.set)
	if err != nil {
		return err
	}
	d.describe("Octopus.Tentacle.PreviousInstallation.", last)
	d.describe("Octopus.Tentacle.PreviousSuccessfulInstallation.", good)
	return nil
}

// describe sets the variables of an entry, empty ones if there is none.
func (d *deployment) describe(prefix string, e journal.Entry) {
	var p journal.Package
	if len(e.Packages) > 0 {
		p = e.Packages[0]
	}
	d.Vars.Set(prefix+"PackageVersion", p.Version)
	d.Vars.Set(prefix+"PackageFilePath", p.DeployedFrom)
	d.Vars.Set(prefix+"OriginalInstalledPath", e.ExtractedTo)
	d.Vars.Set(prefix+"CustomInstallationDirectory", e.CustomInstallationDirectory)
}

// alreadyInstalled ends the deployment when the step wants a package that is
// here already to be left alone, and the last attempt at it went well.
func alreadyInstalled(_ context.Context, d *deployment) error {
	if !d.Vars.Flag("Octopus.Action.Package.SkipIfAlreadyInstalled", false) {
		return nil
	}
	previous, found, err := d.journal.LatestOf(d.set, d.Vars.Text(varPackageID), d.Vars.Text(varVersion))
	if err != nil || !found {
		return err
	}
	if !previous.Successful {
		d.Printf("The previous attempt to deploy this package was not successful; re-deploying.")
		return nil
	}
	if _, err := os.Stat(previous.ExtractedTo); err != nil {
		d.Printf("The package was installed before, but its files are gone; re-deploying.")
		return nil
	}
	d.Printf("The package has already been installed on this machine, so installation will be skipped.")
	d.output("Octopus.Action.Package.InstallationDirectoryPath", previous.ExtractedTo)
	d.output("Package.InstallationDirectoryPath", previous.ExtractedTo)
	d.Vars.Set(varSkipRemaining, "True")
	d.Vars.Set(varSkipJournal, "True")
	return nil
}
