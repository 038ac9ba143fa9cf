package version

import (
	"errors"
	"fmt"
	"strings"
)

// ErrCoordinate is the reason of every refused Maven coordinate.
var ErrCoordinate = errors.New("not a Maven coordinate")

// Coordinate names an artifact in a Maven repository. Group and Artifact are
// always given, the rest may be empty.
type Coordinate struct {
	Group      string
	Artifact   string
	Version    string
	Packaging  string
	Classifier string
}

// ParseCoordinate reads group:artifact:version[:packaging[:classifier]].
func ParseCoordinate(s string) (Coordinate, error) {
	parts := strings.Split(s, ":")
	if len(parts) < 3 || len(parts) > 5 {
		return Coordinate{}, fmt.Errorf("%w: %q is not group:artifact:version[:packaging[:classifier]]", ErrCoordinate, s)
	}
	return newCoordinate(s, parts)
}

// ParsePackageCoordinate reads a package ID as it stands in a deployment
// process, group:artifact[:packaging[:classifier]], and joins it with a version,
// which may be empty.
func ParsePackageCoordinate(id, version string) (Coordinate, error) {
	parts := strings.Split(id, ":")
	if len(parts) < 2 || len(parts) > 4 {
		return Coordinate{}, fmt.Errorf("%w: %q is not group:artifact[:packaging[:classifier]]", ErrCoordinate, id)
	}
	return newCoordinate(id, append([]string{parts[0], parts[1], version}, parts[2:]...))
}

func newCoordinate(source string, parts []string) (Coordinate, error) {
	var c Coordinate
	for i, into := range []*string{&c.Group, &c.Artifact, &c.Version, &c.Packaging, &c.Classifier}[:len(parts)] {
		*into = strings.TrimSpace(parts[i])
	}
	if c.Group == "" || c.Artifact == "" {
		return Coordinate{}, fmt.Errorf("%w: %q lacks its group or its artifact", ErrCoordinate, source)
	}
	return c, nil
}

// String gives the coordinate without its version, as a package ID is shown.
func (c Coordinate) String() string {
	text := c.Group + ":" + c.Artifact
	for _, part := range []string{c.Packaging, c.Classifier} {
		if part != "" {
			text += ":" + part
		}
	}
	return text
}
