package convention

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
)

// Transfer is the command that puts the job's own package, as it is, into a
// folder.
var Transfer = runner.Register(runner.Command{Name: "transfer", Run: runTransfer})

func runTransfer(_ context.Context, env *runner.Env) (int, error) {
	d, err := newDeployment(env)
	if err != nil {
		return 1, err
	}
	d.hold()
	text, _, err := d.Vars.Lookup("Octopus.Action.Package.TransferPath")
	if err != nil {
		return 1, fault.Wrap(fault.Invalid, err, "The transfer path '%s' could not be evaluated", text)
	}
	if text == "" {
		return 1, fault.New(fault.Invalid, "The step has no transfer path")
	}
	folder := expandPath(d, text)
	if !filepath.IsAbs(folder) {
		return 1, fault.New(fault.Invalid, "The transfer path '%s' is a relative path, please specify an absolute one.", text)
	}
	name := d.Vars.Text("Octopus.Action.Package.OriginalFileName")
	if name == "" {
		name = escapeName(d.pkg.ID + "." + d.pkg.Version + d.pkg.Extension)
	}
	if err := d.transfer(folder, filepath.Base(name)); err != nil {
		return 1, fmt.Errorf("transfer package %s %s: %w", d.pkg.ID, d.pkg.Version, err)
	}
	return 0, nil
}

func (d *deployment) transfer(folder, name string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	path := filepath.Join(folder, name)
	if _, err := os.Lstat(path); err == nil {
		d.Printf("File %s already exists so it will be attempted to be overwritten", path)
	}
	if err := copyFile(d.file, path, 0o666); err != nil {
		return err
	}
	d.Printf("Copied package '%s' to directory '%s'", name, folder)
	d.output("Package.DirectoryPath", folder)
	d.output("Package.FileName", name)
	d.output("Package.FilePath", path)
	return nil
}
