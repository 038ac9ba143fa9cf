package convention

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner/configure"
)

const varCustomDirectory = "Octopus.Action.Package.CustomInstallationDirectory"

// installToCustomDirectory copies the package to where the user wants it. What
// follows happens there.
func installToCustomDirectory(ctx context.Context, d *deployment) error {
	text, _, err := d.Vars.Lookup(varCustomDirectory)
	if strings.TrimSpace(text) == "" {
		d.Verbosef("The package has been installed to: %s", d.folder)
		d.Verbosef("If you would like the package to be installed to an alternative location, please use the 'Custom installation directory' feature")
		d.Vars.Set(varCustomDirectory, d.folder)
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The custom installation directory '%s' could not be evaluated", text)
	}
	target := expandPath(d, text)
	if err := d.checkCustom(target); err != nil {
		return err
	}
	d.Verbosef("Installing package to custom directory %s", target)
	if d.Vars.Flag("Octopus.Action.Package.CustomInstallationDirectoryShouldBePurgedBeforeDeployment", false) {
		if err := d.purge(target); err != nil {
			return err
		}
	}
	d.Printf("Copying package contents to '%s'", target)
	count, err := copyTree(ctx, d.folder, target)
	if err != nil {
		return fmt.Errorf("copy the package to %s: %w", target, err)
	}
	d.Printf("Copied %d files", count)
	d.current = target
	d.Vars.Set(varCustomDirectory, target)
	d.output("Octopus.Action.Package.InstallationDirectoryPath", target)
	d.output("Package.InstallationDirectoryPath", target)
	d.output("Package.CopiedFileCount", strconv.Itoa(count))
	return nil
}

// checkCustom refuses folders that cannot be meant.
func (d *deployment) checkCustom(target string) error {
	switch {
	case !filepath.IsAbs(target):
		return fault.New(fault.Invalid, "The custom install directory '%s' is a relative path, please specify the path as an absolute path.", target)
	case contains(d.folder, target):
		return fault.New(fault.Invalid, "The custom install directory '%s' is a child directory of the base installation directory '%s', please specify a different destination.", target, d.folder)
	}
	return nil
}

// contains says that a path is a folder or lies in it.
func contains(folder, path string) bool {
	relative, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(relative)
}

// purge empties the custom directory, except for what the step wants left.
func (d *deployment) purge(target string) error {
	if contains(target, d.folder) || contains(target, d.Root) {
		return fault.New(fault.Invalid, "The custom install directory '%s' cannot be purged: it holds this machine's own files and the package itself.", target)
	}
	d.Printf("Purging the directory '%s'", target)
	patterns := d.Vars.Paths("Octopus.Action.Package.CustomInstallationDirectoryPurgeExclusions")
	if len(patterns) > 0 {
		d.Printf("Leaving files and directories that match any of: '%s'", strings.Join(patterns, ", "))
	}
	keep := map[string]bool{}
	for _, pattern := range patterns {
		matches, err := configure.Glob(target, pattern)
		if err != nil {
			return err
		}
		for _, m := range matches {
			keep[m] = true
		}
	}
	if err := purgeFolder(target, keep); err != nil {
		return fmt.Errorf("purge %s: %w", target, err)
	}
	return nil
}

// expandPath puts in the account's home and the environment's variables.
func expandPath(d *deployment, path string) string {
	path = strings.TrimSpace(path)
	if path == "~" || strings.HasPrefix(path, "~/") {
		path = d.home() + path[1:]
	}
	path = expandDollars(path, func(name string) string { return environment(d.Env, name) })
	return filepath.Clean(path)
}

// home is the account's home folder as its programs see it.
func (d *deployment) home() string {
	if home := environment(d.Env, "HOME"); home != "" {
		return home
	}
	return d.Home
}
