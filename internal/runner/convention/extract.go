package convention

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner/archive"
)

// extract unpacks the package below the machine's application folder, into a
// folder that did not exist before: files of an earlier deployment of the same
// version may be in use.
func extract(ctx context.Context, d *deployment) error {
	parent := d.applicationFolder()
	if err := d.checkSpace(parent); err != nil {
		return err
	}
	wanted := filepath.Join(parent, escapeName(d.pkg.ID), escapeName(d.pkg.Version))
	for i := 0; ; i++ {
		target := wanted
		if i > 0 {
			target += "_" + strconv.Itoa(i)
		}
		if _, err := os.Lstat(target); err == nil {
			continue
		}
		d.Verbosef("Extracting package to: %s", target)
		result, err := archive.Extract(ctx, d.file, target, archive.Options{AnySpace: d.ignoresSpace(), Name: d.pkg.ID + " " + d.pkg.Version})
		if fault.Is(err, fault.Conflict) {
			continue // another deployment was faster to take the name
		}
		if err != nil {
			return err
		}
		d.Verbosef("Extracted %d files", result.Files)
		d.folder, d.current = target, target
		d.Vars.Set("OctopusOriginalPackageDirectoryPath", target)
		d.Vars.Set("Octopus.Action.Package[].ExtractedPath", target)
		d.output("Octopus.Action.Package.InstallationDirectoryPath", target)
		d.output("Package.InstallationDirectoryPath", target)
		d.output("Package.ExtractedFileCount", strconv.Itoa(result.Files))
		return nil
	}
}

// applicationFolder is where packages of this tenant and environment go.
func (d *deployment) applicationFolder() string {
	folder := d.Vars.Text("Octopus.Tentacle.Agent.ApplicationDirectoryPath")
	if folder == "" {
		folder = environment(d.Env, "TentacleApplications")
	}
	if folder == "" {
		folder = filepath.Join(d.Root, "Applications")
	}
	for _, name := range []string{"Octopus.Deployment.Tenant.Name", "Octopus.Environment.Name"} {
		if part := strings.TrimSpace(d.Vars.Text(name)); part != "" {
			folder = filepath.Join(folder, folderName(part))
		}
	}
	return folder
}

// folderName leaves out what a folder's name cannot hold.
func folderName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == 0 {
			return -1
		}
		return r
	}, name)
	if strings.Trim(name, ".") == "" {
		return "_" + name
	}
	return name
}

// escapeName spells a package's id or version so that any system can have it
// as a file name.
func escapeName(name string) string {
	var b strings.Builder
	for _, r := range name {
		if strings.ContainsRune(`%<>:"/\|?@`, r) || r < ' ' {
			fmt.Fprintf(&b, "%%%02X", r)
		} else {
			b.WriteRune(r)
		}
	}
	return folderName(b.String())
}

func (d *deployment) ignoresSpace() bool { return d.Vars.Flag("OctopusSkipFreeDiskSpaceCheck", false) }

// checkSpace refuses to begin on a disk that is nearly full.
func (d *deployment) checkSpace(folder string) error {
	if d.ignoresSpace() {
		d.Verbosef("The free disk space is not checked because the variable OctopusSkipFreeDiskSpaceCheck is True.")
		return nil
	}
	least, ok := d.Vars.Int("OctopusFreeDiskSpaceOverrideInMegaBytes")
	if !ok {
		least = 500
	}
	free := archive.FreeSpace(folder)
	if free >= 0 && free < int64(least)<<20 {
		return fault.New(fault.Unavailable, "The disk of the directory '%s' does not have enough free space: %d MB are free and %d MB are needed. "+
			"Set the variable OctopusFreeDiskSpaceOverrideInMegaBytes for another limit, or OctopusSkipFreeDiskSpaceCheck to True for none.",
			folder, free>>20, least)
	}
	return nil
}

// otherPackages puts the packages that the step refers to by name into the
// job's folder, unpacked unless the step says otherwise.
func otherPackages(ctx context.Context, d *deployment) error {
	for _, pkg := range d.Job.Packages {
		if pkg.Name == "" {
			continue
		}
		source, err := d.PackagePath(pkg)
		if err != nil {
			return err
		}
		prefix := "Octopus.Action.Package[" + pkg.Name + "]."
		d.setDefault(prefix+"PackageId", pkg.ID)
		d.setDefault(prefix+"PackageVersion", pkg.Version)
		d.Vars.Set(prefix+"OriginalPath", source)
		target := filepath.Join(d.Work, escapeName(pkg.Name))
		if !d.Vars.Flag(prefix+"Extract", true) {
			target += pkg.Extension
			if err := copyFile(source, target, 0o600); err != nil {
				return fmt.Errorf("place package %s: %w", pkg.ID, err)
			}
			d.Vars.Set(prefix+"PackageFilePath", target)
			d.Vars.Set(prefix+"PackageFileName", filepath.Base(target))
			continue
		}
		d.Verbosef("Extracting package %s %s to: %s", pkg.ID, pkg.Version, target)
		options := archive.Options{AnySpace: d.ignoresSpace(), Name: pkg.ID + " " + pkg.Version}
		if _, err := archive.ExtractInto(ctx, source, target, options); err != nil {
			return err
		}
		d.Vars.Set(prefix+"ExtractedPath", target)
	}
	return nil
}
