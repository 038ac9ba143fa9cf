package runner

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Syntax is the language of a script, by the name that the wire uses.
type Syntax string

// The syntaxes that can be run.
const (
	Bash       Syntax = "Bash"
	Python     Syntax = "Python"
	PowerShell Syntax = "PowerShell"
	CSharp     Syntax = "CSharp"
)

// Syntaxes lists the syntaxes in the order of preference on this system, for
// when a step or a package offers a script in several.
var Syntaxes = []Syntax{Bash, Python, CSharp, PowerShell}

var extensions = map[Syntax]string{Bash: ".sh", Python: ".py", PowerShell: ".ps1", CSharp: ".csx"}

// Extension is the file extension of the syntax's scripts.
func (s Syntax) Extension() string { return extensions[s] }

// SyntaxOf is the syntax that a file's extension tells.
func SyntaxOf(path string) (Syntax, bool) {
	extension := strings.ToLower(filepath.Ext(path))
	for syntax, own := range extensions {
		if own == extension {
			return syntax, true
		}
	}
	return "", false
}

// ParseSyntax reads a syntax's name without regard to case.
func ParseSyntax(name string) (Syntax, bool) {
	for syntax := range extensions {
		if strings.EqualFold(string(syntax), name) {
			return syntax, true
		}
	}
	return "", false
}

// Script is one script to run. Exactly one of Path and Body is set: Path is
// a file that is already there, which runs among its neighbours; Body is text
// that is never written to disk.
type Script struct {
	Syntax     Syntax // "" is taken from Path's extension
	Path       string
	Body       string
	Name       string // the file name that Body goes by, "" for Script.<extension>
	Dir        string // working directory, "" for Path's folder or the job's own
	Parameters string // arguments as one would type them; expressions are evaluated
	Raw        bool   // do not evaluate expressions in the text
}

// staged is a script that is ready to be started.
type staged struct {
	path       string // where it lies, or would
	hidden     bool   // it is in memory only, and nothing lies at path
	shown      string // what a hidden script is called in messages
	text       string // what it says, evaluated
	modules    string // what its modules say
	dir        string
	parameters string
	imports    []string // PowerShell statements that import the modules
	cleanup    []func()
}

// renaming shows a hidden script's name where an interpreter names its place.
func (s *staged) renaming(to io.Writer, place string) io.Writer {
	if !s.hidden {
		return to
	}
	return &renamer{to: to, from: []byte(place), name: []byte(s.shown)}
}

type renamer struct {
	to         io.Writer
	from, name []byte
}

// Write passes on. A name that is split over two writes stays as it is.
func (r *renamer) Write(p []byte) (int, error) {
	if !bytes.Contains(p, r.from) {
		return r.to.Write(p)
	}
	_, err := r.to.Write(bytes.ReplaceAll(p, r.from, r.name))
	return len(p), err
}

// RunScript runs a script to its end and gives its exit code. The script has
// the functions that every Octopus script has, and the job's variables.
func (e *Env) RunScript(ctx context.Context, script Script) (int, error) {
	syntax := script.Syntax
	if syntax == "" {
		var ok bool
		if syntax, ok = SyntaxOf(script.Path); !ok {
			return 0, fmt.Errorf("script %s: the extension tells no language; known are .sh, .py, .ps1 and .csx", script.Path)
		}
	}
	s := &staged{dir: script.Dir}
	defer func() {
		for i := len(s.cleanup) - 1; i >= 0; i-- {
			s.cleanup[i]()
		}
	}()
	if err := e.stage(s, script, syntax); err != nil {
		return 0, err
	}
	if err := e.stageModules(s, syntax); err != nil {
		return 0, err
	}
	var err error
	if s.parameters, err = e.Vars.Evaluate(script.Parameters); err != nil {
		e.Warnf("The script's parameters could not be evaluated fully: %v", err)
	}
	e.describeTo(syntax, s.dir)
	if leavesBehind.MatchString(s.text) {
		e.linger()
	}
	switch syntax {
	case Bash:
		return e.runShell(ctx, s)
	case Python:
		return e.runPython(ctx, s)
	case PowerShell:
		return e.runPowerShell(ctx, s)
	case CSharp:
		return e.runCSharp(ctx, s)
	}
	return 0, fmt.Errorf("scripts in %s cannot be run", syntax)
}

// leavesBehind finds what suggests that a script starts something to stay.
var leavesBehind = regexp.MustCompile(`(?i)(^|[^&>])&([^&>0-9]|$)|nohup|setsid|disown|daemon|detach|popen|fork|spawn|start-process|start-job|systemd-run|docker|podman`)

// stage puts the script's text where the interpreter finds it. Text that
// expressions were evaluated in may hold secrets: it goes into memory, and
// only a link to it lies in the folder.
func (e *Env) stage(s *staged, script Script, syntax Syntax) error {
	if script.Path == "" {
		if s.dir == "" {
			s.dir = e.Work
		}
		name := filepath.Base(script.Name)
		if script.Name == "" {
			name = "Script" + syntax.Extension()
		}
		s.text = e.evaluate(normalise(script.Body, syntax), script.Raw)
		s.path = filepath.Join(e.Work, name)
		if (syntax == Bash || syntax == Python) && !wantsPath.MatchString(s.text) {
			s.hidden, s.shown = true, name
			return nil
		}
		return e.link(s, s.path, s.text)
	}
	path, err := filepath.Abs(script.Path)
	if err != nil {
		return err
	}
	s.path = path
	if s.dir == "" {
		s.dir = filepath.Dir(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading script %s: %w", path, err)
	}
	plain := normalise(string(data), syntax)
	s.text = e.evaluate(plain, script.Raw)
	switch {
	case s.text != plain:
		s.cleanup = append(s.cleanup, func() { _ = replace(path, data) })
		return e.link(s, path, s.text)
	case plain != string(data):
		return replace(path, []byte(plain))
	}
	return nil
}

// wantsPath finds scripts that look at where they lie. Others need not lie
// anywhere; in their messages the place in memory is shown by the name.
var wantsPath = regexp.MustCompile(`BASH_SOURCE|__file__|\$0|\$\{0|argv|caller|inspect`)

// link makes path lead to text in memory, until the script ends.
func (e *Env) link(s *staged, path, text string) error {
	m, err := newMemory("tako-script", []byte(text))
	if err != nil {
		return err
	}
	s.cleanup = append(s.cleanup, m.close)
	err = os.Symlink(m.path, path)
	if os.IsExist(err) {
		if err = os.Remove(path); err == nil {
			err = os.Symlink(m.path, path)
		}
	}
	if err != nil {
		return fmt.Errorf("placing script %s: %w", path, err)
	}
	s.cleanup = append(s.cleanup, func() { unlink(path, m.path) })
	return nil
}

// unlink removes the link, if it is still ours.
func unlink(path, to string) {
	if now, err := os.Readlink(path); err == nil && now == to {
		os.Remove(path)
	}
}

// replace rewrites a file and keeps its mode.
func replace(path string, data []byte) error {
	mode := os.FileMode(0o700)
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().IsRegular() {
			mode = info.Mode().Perm()
		} else if err := os.Remove(path); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		return fmt.Errorf("rewriting script %s: %w", path, err)
	}
	return nil
}

// normalise removes what other systems' editors leave in a text.
func normalise(text string, syntax Syntax) string {
	if syntax == Bash || syntax == Python {
		text = strings.TrimPrefix(text, "\uFEFF")
		if strings.Contains(text, "\r") {
			text = strings.ReplaceAll(text, "\r\n", "\n")
		}
	}
	return text
}

// evaluate replaces the expressions in a script's text. What cannot be
// evaluated stays as it is, as it does in any file.
func (e *Env) evaluate(text string, raw bool) string {
	if raw || !strings.Contains(text, "#{") {
		return text
	}
	result, err := e.Vars.EvaluateLenient(text)
	if err != nil {
		e.Verbosef("Some expressions in the script could not be evaluated: %v", err)
	}
	return result
}

const (
	modulePrefix   = "Octopus.Script.Module["
	moduleLanguage = "Octopus.Script.Module.Language["
)

// stageModules puts the script modules of the syntax beside the script.
func (e *Env) stageModules(s *staged, syntax Syntax) error {
	for _, name := range e.Vars.Names() {
		if !hasPrefixFold(name, modulePrefix) || !strings.HasSuffix(name, "]") {
			continue
		}
		module := name[len(modulePrefix) : len(name)-1]
		language := e.Vars.Text(moduleLanguage + module + "]")
		if language == "" {
			language = string(PowerShell)
		}
		if !strings.EqualFold(language, string(syntax)) {
			continue
		}
		extension := syntax.Extension()
		if syntax == PowerShell {
			extension = ".psm1"
		}
		body := normalise(e.Vars.Text(name), syntax)
		path := filepath.Join(s.dir, moduleFile(module)+extension)
		if err := e.link(s, path, body); err != nil {
			return err
		}
		s.modules += "\n" + body
		if syntax == PowerShell {
			e.noteModule(s, module, path)
		}
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// moduleFile keeps the letters, digits and underscores of a module's name.
func moduleFile(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127 {
			return r
		}
		return -1
	}, name)
}

// scriptVariables are the evaluated variables that a script can read.
func (e *Env) scriptVariables() []Variable {
	names := e.Vars.Names()
	list := make([]Variable, 0, len(names))
	for _, name := range names {
		if hasPrefixFold(name, modulePrefix) || hasPrefixFold(name, "env:") {
			continue
		}
		list = append(list, Variable{Name: name, Value: e.Vars.Text(name)})
	}
	return list
}

// describeTo prints where the script runs, for whoever reads the details.
func (e *Env) describeTo(syntax Syntax, dir string) {
	if e.Vars.Flag("Octopus.Action.Script.SuppressEnvironmentLogging", false) {
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "##octopus[stdout-verbose]\n%s Environment Information:\n%s  CurrentDirectory: %s\n##octopus[stdout-default]\n",
		syntax, surroundings(), dir)
	_, _ = e.Stdout.Write(b.Bytes())
}
