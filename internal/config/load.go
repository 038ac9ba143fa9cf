package config

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// File is the path of a settings file.
type File string

// DefaultFile is read when it exists and no other file was asked for.
const DefaultFile = "/etc/tako/tako.yaml"

// Parse reads the arguments (without the program's name) of a program whose
// commands embed Server. Settings come from flags, the environment and the
// file, and what is wrong with one is said with where it was given.
func Parse(grammar any, args []string, more ...kong.Option) (*kong.Context, error) {
	s := &source{lookup: os.LookupEnv, fallback: DefaultFile}
	return s.parse(grammar, args, more...)
}

func (s *source) parse(grammar any, args []string, more ...kong.Option) (*kong.Context, error) {
	parser, err := kong.New(grammar, append(s.options(), more...)...)
	if err != nil {
		return nil, fmt.Errorf("describing the settings: %w", err)
	}
	run, err := parser.Parse(args)
	return run, s.explain(err)
}

func (s *source) options() []kong.Option {
	return []kong.Option{
		kong.Resolvers(s),
		kong.WithBeforeResolve(s.open),
		kong.KindMapper(reflect.Int, whole),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), span),
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
	from := &source{lookup: lookup, fallback: fallback}
	if _, err := from.parse(&s, args, kong.Name("tako"), kong.NoDefaultHelp()); err != nil {
		return nil, err
	}
	return &s, nil
}

// whole and span read numbers and times, and say in plain words what is none.
var (
	whole = kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		text, err := popped(ctx)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		target.SetInt(int64(n))
		return nil
	})
	span = kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		text, err := popped(ctx)
		if err != nil {
			return err
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a time such as 20s or 5m", text)
		}
		target.SetInt(int64(d))
		return nil
	})
)

func popped(ctx *kong.DecodeContext) (text string, err error) {
	err = ctx.Scan.PopValueInto("value", &text)
	return strings.TrimSpace(text), err
}
