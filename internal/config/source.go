package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/takodeploy/tako/internal/fault"
	"go.yaml.in/yaml/v3"
)

// source gives kong the settings that are not flags of the command line.
type source struct {
	lookup   func(string) (string, bool)
	fallback string
	path     string
	lines    map[string]line
	names    []*kong.Flag
	origins  map[string]string // where a setting was given, by its name; "" for its flag
}

// line is one setting of the file.
type line struct {
	value string
	at    int
}

// Resolve finds a flag's value in the environment or else in the file.
func (s *source) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range variables(flag.Value) {
		if v, _ := s.lookup(name); v != "" {
			return s.checked(flag, v, "the environment variable "+name)
		}
		if path, _ := s.lookup(name + "_FILE"); path != "" {
			b, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("the environment variable %s_FILE names a file that cannot be read: %w", name, err)
			}
			return s.checked(flag, strings.TrimSpace(string(b)), "the file of "+name+"_FILE")
		}
	}
	if l, ok := s.lines[flag.Name]; ok {
		return s.checked(flag, l.value, fmt.Sprintf("%s line %d", s.path, l.at))
	}
	return nil, nil
}

// checked gives the value if the flag can take it, else says where it stands.
func (s *source) checked(flag *kong.Flag, value, where string) (any, error) {
	s.origins[flag.Name] = where
	into := reflect.New(flag.Target.Type()).Elem()
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, into); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if flag.Enum != "" && !slices.Contains(flag.EnumSlice(), value) {
		return nil, fmt.Errorf("%s: must be one of %s, but is %q", where, strings.Join(flag.EnumSlice(), ", "), value)
	}
	return value, nil
}

// open reads the file, if the command has settings. The flag names it, or the
// environment, or it is the usual one if that exists.
func (s *source) open(ctx *kong.Context) error {
	isFile := func(f *kong.Flag) bool { return f != nil && f.Target.Type() == reflect.TypeFor[File]() }
	s.path, s.lines, s.origins = "", nil, map[string]string{}
	for _, p := range ctx.Path {
		if p.Flag != nil {
			s.origins[p.Flag.Name] = ""
		}
	}
	s.names = ctx.Flags()
	if !slices.ContainsFunc(ctx.Flags(), isFile) {
		return nil
	}
	s.path = s.fallback
	asked := false
	for _, p := range ctx.Path {
		if isFile(p.Flag) {
			s.path, asked = string(ctx.FlagValue(p.Flag).(File)), true
		}
	}
	if v, _ := s.lookup("TAKO_CONFIG"); v != "" && !asked {
		s.path, asked = v, true
	}
	if s.path == "" {
		return nil
	}
	b, err := os.ReadFile(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
		return nil
	case err != nil:
		return fmt.Errorf("the settings file cannot be read: %w", err)
	}
	s.lines, err = parse(b)
	if err != nil {
		return fmt.Errorf("the settings file %s cannot be used: %w", s.path, err)
	}
	return nil
}

// parse reads the lines of a settings file.
func parse(b []byte) (map[string]line, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("it is not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	lines := map[string]line{}
	if len(bytes.TrimSpace(b)) == 0 || len(doc.Content) == 0 {
		return lines, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: expected lines of the form 'name: value'", root.Line)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, node := root.Content[i], root.Content[i+1]
		if before, twice := lines[key.Value]; twice {
			return nil, fmt.Errorf("line %d: %s was set in line %d already", key.Line, key.Value, before.at)
		}
		value, err := scalar(node)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", key.Line, key.Value, err)
		}
		lines[key.Value] = line{value, key.Line}
	}
	return lines, nil
}

// scalar gives a value as text; the values of a list are joined by commas.
func scalar(node *yaml.Node) (string, error) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return "", nil
	case node.Kind == yaml.ScalarNode:
		return node.Value, nil
	case node.Kind == yaml.SequenceNode:
		var values []string
		for _, n := range node.Content {
			if n.Kind != yaml.ScalarNode {
				return "", errors.New("a list holds plain values only")
			}
			values = append(values, n.Value)
		}
		return strings.Join(values, ","), nil
	}
	return "", errors.New("must be a plain value; settings are not nested")
}

// Validate refuses lines of the file that name no setting. The file serves
// every command of the program, so the settings of all of them count.
func (s *source) Validate(app *kong.Application) error {
	var names []string
	err := kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			names = append(names, f.Name)
		}
		return next(nil)
	})
	if err != nil {
		return err
	}
	for key, l := range s.lines {
		if slices.Contains(names, key) {
			continue
		}
		hint := "see --help for their names"
		if i := slices.IndexFunc(names, func(n string) bool { return plain(n) == plain(key) }); i >= 0 {
			hint = "did you mean " + names[i] + "?"
		}
		return fmt.Errorf("%s line %d: there is no setting %s; %s", s.path, l.at, key, hint)
	}
	return nil
}

// explain names in each sentence about a setting its flag and where it was
// given, or where it can be given.
func (s *source) explain(err error) error {
	var wrong *fault.Error
	if !errors.As(err, &wrong) {
		return err
	}
	said := *wrong
	said.Details = slices.Clone(wrong.Details)
	for i, sentence := range said.Details {
		name, rest, _ := strings.Cut(sentence, " ")
		said.Details[i] = s.called(name) + " " + rest
	}
	return &said
}

func (s *source) called(name string) string {
	if where, given := s.origins[name]; given {
		if where == "" {
			return "--" + name
		}
		return "--" + name + " (from " + where + ")"
	}
	for _, f := range s.names {
		if f.Name == name {
			return "--" + name + " (or $" + strings.Join(variables(f.Value), ", $") + ")"
		}
	}
	return name
}

// plain makes names that differ in case and punctuation equal.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(name))
}
