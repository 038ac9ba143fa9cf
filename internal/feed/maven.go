package feed

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// maven is a Maven repository. An id is group:artifact, and may go on with the
// packaging and the classifier of the file.
type maven struct{ *remote }

// packagings are tried in this order when an id does not say which file is
// meant.
var packagings = []string{"zip", "jar", "war", "ear", "tar.gz", "tgz", "nupkg"}

func (f *maven) Format() version.Format { return version.Maven }

type coordinates struct {
	folder                          []string
	artifact, packaging, classifier string
}

func parseCoordinates(id string) (c coordinates, ok bool) {
	parts := strings.Split(strings.TrimSpace(id), ":")
	if len(parts) < 2 || len(parts) > 4 || slices.Contains(parts, "") || strings.ContainsAny(id, "/\\ ") {
		return c, false
	}
	c.artifact = parts[1]
	c.folder = append(strings.Split(parts[0], "."), parts[1])
	if len(parts) > 2 {
		c.packaging = parts[2]
	}
	if len(parts) > 3 {
		c.classifier = parts[3]
	}
	return c, true
}

type mavenMetadata struct {
	Versions  []string `xml:"versioning>versions>version"`
	Snapshots []struct {
		Extension  string `xml:"extension"`
		Classifier string `xml:"classifier"`
		Value      string `xml:"value"`
	} `xml:"versioning>snapshotVersions>snapshotVersion"`
}

func (f *maven) metadata(ctx context.Context, folder []string) (m mavenMetadata, err error) {
	err = f.readXML(ctx, f.at(append(folder[:len(folder):len(folder)], "maven-metadata.xml")), &m)
	return m, err
}

// Search finds an id that is given whole: repositories cannot be searched.
func (f *maven) Search(ctx context.Context, term string, _, _ int) ([]Package, int, error) {
	all, err := f.Versions(ctx, term)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	return []Package{{ID: term, Version: all[0].Version}}, 1, nil
}

func (f *maven) Versions(ctx context.Context, id string) ([]Package, error) {
	c, ok := parseCoordinates(id)
	if !ok {
		return nil, nil
	}
	m, err := f.metadata(ctx, c.folder)
	if err != nil {
		return nil, absent(err)
	}
	all := make([]Package, len(m.Versions))
	for i, v := range m.Versions {
		all[i] = Package{ID: id, Version: strings.TrimSpace(v)}
	}
	slices.Reverse(all)
	return all, nil
}

func (f *maven) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	c, ok := parseCoordinates(id)
	if !ok {
		return runner.Package{}, nil, f.say(fault.Invalid, "has packages like group:artifact; %q is none.", id)
	}
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		folder := append(c.folder[:len(c.folder):len(c.folder)], text)
		var m mavenMetadata
		if strings.HasSuffix(text, "-SNAPSHOT") {
			var err error
			if m, err = f.metadata(ctx, folder); absent(err) != nil {
				return nil, 0, "", err
			}
		}
		tries := packagings
		if c.packaging != "" {
			tries = []string{c.packaging}
		}
		for _, packaging := range tries {
			name := c.artifact + "-" + m.version(text, packaging, c.classifier)
			if c.classifier != "" {
				name += "-" + c.classifier
			}
			body, size, err := f.fetch(ctx, f.at(append(folder[:len(folder):len(folder)], name+"."+packaging)), "")
			if absent(err) != nil {
				return nil, 0, "", err
			}
			if err == nil {
				return body, size, "." + packaging, nil
			}
		}
		return nil, 0, "", f.say(fault.NotFound, "has no file of %s %s (looked for %s).", id, text, strings.Join(tries, ", "))
	})
}

// version is the one that a snapshot's file has in its name.
func (m *mavenMetadata) version(text, packaging, classifier string) string {
	for _, s := range m.Snapshots {
		if s.Extension == packaging && s.Classifier == classifier {
			return s.Value
		}
	}
	return text
}
