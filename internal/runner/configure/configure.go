// Package configure changes the configuration files of an unpacked package to
// suit the environment it is deployed to: Octostache expressions in any text,
// values in JSON, YAML, XML and properties files by their path, the settings of
// .NET configuration files by their name, and .NET configuration transforms.
//
// All of it keeps a file's encoding, its byte order mark and the kind of its
// line ends, and replaces a file in one step.
package configure

import (
	"strings"
)

// Log is where the work reports what it does; a job's surroundings are one.
type Log interface {
	Printf(format string, args ...any)
	Verbosef(format string, args ...any)
	Warnf(format string, args ...any)
}

// Variables are the values that may go into files, found by name without
// regard to case.
type Variables struct {
	names []string
	index map[string]string
	get   func(name string) (value string, ok bool)
}

// NewVariables wraps a source of evaluated values. The order of the names is
// the order of replacement. get is asked only for what a file mentions; it
// returns false for a variable that exists and has no value.
func NewVariables(names []string, get func(name string) (value string, ok bool)) *Variables {
	v := &Variables{index: make(map[string]string, len(names)), get: get}
	for _, name := range names {
		lower := strings.ToLower(name)
		if _, known := v.index[lower]; !known {
			v.index[lower] = name
			v.names = append(v.names, name)
		}
	}
	return v
}

// find looks a name up without regard to case.
func (v *Variables) find(name string) (spelled string, ok bool) {
	spelled, ok = v.index[strings.ToLower(name)]
	return spelled, ok
}

// nothingFound is said when a file had no place for any variable.
const nothingFound = "No structures have been found that match variable names, so no structured variable replacements have been applied."

// replaced reports one replacement; the value may be secret and is not shown.
func replaced(log Log, name string) {
	log.Verbosef("Structure found matching the variable '%s'. Replacing its content with the variable value.", name)
}

// reserved says that a name belongs to the system and never goes into files.
// "Octopus:Key" is a path into a document of the user's own.
func reserved(name string) bool {
	const prefix = "octopus"
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) &&
		!strings.HasPrefix(name[len(prefix):], ":")
}
