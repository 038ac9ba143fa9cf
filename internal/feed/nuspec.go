package feed

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
)

// maxNuspec bounds the description that a NuGet package holds of itself.
const maxNuspec = 1 << 20

// readNuspec takes from a NuGet package what it says of itself. A package
// without a description, or with one that cannot be read, is one all the same:
// nothing here decides what is deployed.
func readNuspec(path string, p *catalog.BuiltInPackage) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The package is named .nupkg, but it is no zip file")
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasSuffix(strings.ToLower(f.Name), ".nuspec") || strings.ContainsAny(f.Name, `/\`) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Name, err)
		}
		defer r.Close()
		var spec struct {
			Metadata struct {
				Title        string `xml:"title"`
				Summary      string `xml:"summary"`
				Description  string `xml:"description"`
				ReleaseNotes string `xml:"releaseNotes"`
			} `xml:"metadata"`
		}
		if xml.NewDecoder(io.LimitReader(r, maxNuspec)).Decode(&spec) != nil {
			return nil
		}
		m := spec.Metadata
		p.Title, p.Summary, p.Description, p.ReleaseNotes = m.Title, m.Summary, m.Description, m.ReleaseNotes
		return nil
	}
	return nil
}
