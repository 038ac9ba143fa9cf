package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// File is the path of a settings file.
type File string

// DefaultFile is read when it exists and no other file was asked for.
const DefaultFile = "/etc/tako/tako.yaml"

// Options makes kong fill settings from the environment and the file as well
// as from flags. A program whose commands embed Server passes them to
// kong.New; kong then calls Validate by itself.
func Options() []kong.Option { return options(os.LookupEnv, DefaultFile) }

func options(lookup func(string) (string, bool), fallback string) []kong.Option {
	s := &source{lookup: lookup, fallback: fallback}
	return []kong.Option{
		kong.Resolvers(s),
		kong.WithBeforeResolve(s.open),
		kong.ValueFormatter(func(v *kong.Value) string {
			if names := variables(v); len(names) > 0 {
				return v.Help + " ($" + strings.Join(names, ", $") + ")"
			}
			return kong.DefaultHelpValueFormatter(v)
		}),
	}
}

// variables gives the names under which the environment can hold a setting.
// They stand in a tag of our own, because kong would let the file win over the
// environment, trip over empty variables, and quote a refused value, which
// might be a secret.
func variables(v *kong.Value) []string {
	list := v.Tag.Get("from")
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// Load fills the settings from arguments (without the program's name), the
// environment and the file.
func Load(args []string) (*Server, error) { return load(args, os.LookupEnv, DefaultFile) }

// Default gives the settings of a server that was told nothing.
func Default() *Server {
	s, err := load(nil, func(string) (string, bool) { return "", false }, "")
	if err != nil {
		panic(fmt.Sprintf("the defaults do not pass their own checks: %v", err))
	}
	return s
}

func load(args []string, lookup func(string) (string, bool), fallback string) (*Server, error) {
	var s Server
	parser, err := kong.New(&s, append(options(lookup, fallback), kong.Name("tako"), kong.NoDefaultHelp())...)
	if err != nil {
		return nil, fmt.Errorf("describing the settings: %w", err)
	}
	if _, err := parser.Parse(args); err != nil {
		return nil, err
	}
	return &s, nil
}
