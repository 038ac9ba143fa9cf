package runner

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed bootstrap/lib.sh
var shellLibrary []byte

// shellFunctions are the library's functions. A script starts with a stub
// for each, which loads the library when it is called: reading the library
// costs a shell as much as starting, and most scripts call none of it.
var shellFunctions = []string{
	"encode_servicemessagevalue", "decode_servicemessagevalue", "decrypt_variable",
	"set_octopusvariable", "new_octopusartifact", "fail_step", "update_progress",
	"write_verbose", "write_highlight", "write_wait", "write_warning",
	"new_octopustarget", "__tako_removetarget", "set_environmentstate", "set_environmenturl",
	"report_kubernetes_manifest", "report_kubernetes_manifest_file",
}

var shellStubs = func() string {
	var b strings.Builder
	for _, name := range shellFunctions {
		fmt.Fprintf(&b, "%s(){ __tako;%s \"$@\";};", name, name)
	}
	return b.String()
}()

var shellCalls = regexp.MustCompile(strings.ReplaceAll(strings.Join(shellFunctions, "|"), "__tako_removetarget", "remove-octopustarget"))

var shellReads = regexp.MustCompile(`get_octopusvariable\s+(?:"([^"]*)"|'([^']*)'|([^\s"'` + "`" + `;&|()<>]+))`)

// shellFile is the one anonymous file of the library, for all jobs. The file
// itself is kept: its path is worth nothing once it is collected.
var shellFile = sync.OnceValues(func() (*memory, error) { return newMemory("tako-lib.sh", shellLibrary) })

// shellIndirect finds what may call a function that the text does not name.
var shellIndirect = regexp.MustCompile("[$`]|(?m)(^|[\\s;&|({!])(\\.|source|eval|command|builtin)\\s")

// runShell runs a script in bash, or in sh where there is no bash. A hidden
// script follows its preparation in the same text, which is therefore one
// line as far as the lines of messages go.
func (e *Env) runShell(ctx context.Context, s *staged) (int, error) {
	shell, isBash := "bash", true
	if _, err := lookPath(shell); err != nil {
		shell, isBash = "sh", false
	}
	text := s.text + s.modules
	b := &strings.Builder{}
	if shellIndirect.MatchString(text) || shellCalls.MatchString(text) || strings.Contains(text, "octopus") {
		if err := e.shellLoad(b, text, isBash); err != nil {
			return 0, err
		}
		if err := e.shellVariables(b, text, isBash); err != nil {
			return 0, err
		}
	}
	if strings.TrimSpace(s.parameters) != "" { // on a line of its own, since it may end in a comment
		line := "set -- " + strings.NewReplacer("\r", " ", "\n", " ").Replace(s.parameters) + "\n"
		at, err := e.memory("tako-parameters.sh", []byte(line))
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(b, ". %s;", at)
	}
	if s.hidden {
		b.WriteString(s.text)
	} else {
		b.WriteString(". " + shellQuote(s.path))
	}
	main, err := e.memory("tako-main.sh", []byte(b.String()))
	if err != nil {
		return 0, err
	}
	return e.Exec(ctx, Process{
		Path: shell, Args: []string{"-c", ". " + main, s.path}, Dir: s.dir, Env: e.proxies(),
		Stderr: s.renaming(e.Stderr, main),
	})
}

// shellLoad makes the library's functions callable.
func (e *Env) shellLoad(b *strings.Builder, text string, isBash bool) error {
	library, err := shellFile()
	if err != nil {
		return err
	}
	if shellCalls.MatchString(text) {
		fmt.Fprintf(b, ". %s\n", library.path)
	} else {
		fmt.Fprintf(b, "__tako(){ . %s;};%s", library.path, shellStubs)
	}
	if isBash { // a name with a hyphen is no function's name in POSIX sh
		b.WriteString("remove-octopustarget(){ __tako_removetarget \"$@\";};")
	} else {
		b.WriteString("alias remove-octopustarget=__tako_removetarget;")
	}
	return nil
}

// shellVariables makes get_octopusvariable. Those that the text asks for by
// name are at hand; any other loads the whole table on first use.
func (e *Env) shellVariables(b *strings.Builder, text string, isBash bool) error {
	all := e.scriptVariables()
	table, err := e.memory("tako-variables.sh", shellTable(all))
	if err != nil {
		return err
	}
	var near strings.Builder
	if asked := askedFor(text); len(asked) > 0 {
		near.WriteString("get_octopusvariable(){ case \"$1\" in\n")
		for _, v := range all {
			if asked[v.Name] {
				shellArm(&near, v)
			}
		}
		fmt.Fprintf(&near, "*) . %s;get_octopusvariable \"$1\";;esac;}\n", table)
	} else {
		fmt.Fprintf(b, "get_octopusvariable(){ . %s;get_octopusvariable \"$1\";};", table)
	}
	if isBash && strings.Contains(text, "octopus_parameters") {
		near.WriteString("declare -gA octopus_parameters=(\n")
		for _, v := range all {
			if v.Name != "" {
				fmt.Fprintf(&near, "[%s]=%s\n", shellQuote(v.Name), shellQuote(v.Value))
			}
		}
		near.WriteString(")\n")
	}
	if near.Len() == 0 {
		return nil
	}
	at, err := e.memory("tako-near.sh", []byte(near.String()))
	if err != nil {
		return err
	}
	fmt.Fprintf(b, ". %s;", at)
	return nil
}

// askedFor finds the variables that a text asks for by name.
func askedFor(text string) map[string]bool {
	asked := map[string]bool{}
	for _, match := range shellReads.FindAllStringSubmatch(text, -1) {
		asked[match[1]+match[2]+match[3]] = true
	}
	return asked
}

func shellArm(b *strings.Builder, v Variable) {
	fmt.Fprintf(b, "%s)printf %%s %s;;\n", shellQuote(v.Name), shellQuote(v.Value))
}

// shellTable is get_octopusvariable over all variables. Arms are grouped by
// the length of the name, for a shell compares a word with each in turn.
func shellTable(all []Variable) []byte {
	groups := map[int][]Variable{}
	var other []Variable
	for _, v := range all {
		if isASCII(v.Name) {
			groups[len(v.Name)] = append(groups[len(v.Name)], v)
		} else { // how long such a name is depends on the shell's locale
			other = append(other, v)
		}
	}
	var b strings.Builder
	b.WriteString("__tako_other(){ case \"$1\" in\n")
	for _, v := range other {
		shellArm(&b, v)
	}
	b.WriteString("*)echo;;esac;}\nget_octopusvariable(){ case ${#1} in\n")
	for length, group := range groups {
		fmt.Fprintf(&b, "%d)case \"$1\" in\n", length)
		for _, v := range group {
			shellArm(&b, v)
		}
		b.WriteString("*)__tako_other \"$1\";;esac;;\n")
	}
	b.WriteString("*)__tako_other \"$1\";;esac;}\n")
	return []byte(b.String())
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// shellQuote makes one word of any text; a shell cannot hold a zero byte.
func shellQuote(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
