package feed

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// folder is a feed of NuGet packages in a folder of the server's disk.
type folder struct {
	*remote
	path string
}

// folderOf gives the folder that an address means; "" when it is none.
func folderOf(uri string) string {
	if rest, ok := strings.CutPrefix(uri, "file://"); ok {
		return rest
	}
	if filepath.IsAbs(uri) {
		return uri
	}
	return ""
}

func (f *folder) Format() version.Format { return version.SemVer }

// each calls visit for each package in the folder and its subfolders.
func (f *folder) each(visit func(path string, p version.PackageFile, info fs.FileInfo)) error {
	err := filepath.WalkDir(f.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".nupkg") {
			return err
		}
		p, err := version.ParsePackageFile(d.Name())
		if err != nil {
			return nil //nolint:nilerr // other files may lie there too
		}
		info, err := d.Info()
		if err == nil {
			visit(path, p, info)
		}
		return err
	})
	if err != nil {
		return f.say(fault.Unavailable, "cannot be read: %s.", err)
	}
	return nil
}

func (f *folder) Search(_ context.Context, term string, skip, take int) ([]Package, int, error) {
	seen := map[string]bool{}
	var all []Package
	err := f.each(func(_ string, p version.PackageFile, _ fs.FileInfo) {
		if key := strings.ToLower(p.ID); !seen[key] && strings.Contains(key, strings.ToLower(term)) {
			seen[key] = true
			all = append(all, Package{ID: p.ID})
		}
	})
	all, total := page(all, skip, take)
	return all, total, err
}

func (f *folder) Versions(_ context.Context, id string) (all []Package, err error) {
	err = f.each(func(_ string, p version.PackageFile, info fs.FileInfo) {
		if strings.EqualFold(p.ID, id) {
			all = append(all, Package{ID: p.ID, Version: p.Version, Extension: ".nupkg", Size: info.Size(), Published: info.ModTime()})
		}
	})
	return all, err
}

func (f *folder) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(context.Context) (io.ReadCloser, int64, string, error) {
		found, size := "", int64(0)
		err := f.each(func(path string, p version.PackageFile, info fs.FileInfo) {
			if strings.EqualFold(p.ID, id) && normalNuGet(p.Version) == normalNuGet(text) {
				found, size = path, info.Size()
			}
		})
		if err == nil && found == "" {
			err = f.say(fault.NotFound, "has no version %s of %s.", text, id)
		}
		if err != nil {
			return nil, 0, "", err
		}
		file, err := os.Open(found)
		return file, size, ".nupkg", err
	})
}
