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
		fmt.Fprintf(&b, "%s(){ __tako;%s \"$@\";}\n", name, name)
	}
	return b.String()
}()

var shellCalls = regexp.MustCompile(strings.ReplaceAll(strings.Join(shellFunctions, "|"), "__tako_removetarget", "remove-octopustarget"))

var shellReads = regexp.MustCompile(`get_octopusvariable\s+(?:"([^"]*)"|'([^']*)'|([^\s"'` + "`" + `;&|()<>]+))`)

// libraryPath is the one anonymous file of the library, for all jobs.
var libraryPath = sync.OnceValues(func() (string, error) {
	m, err := newMemory("tako-lib.sh", shellLibrary)
	if err != nil {
		return "", err
	}
	return m.path, nil
})

// runShell runs a script in bash, or in sh where there is no bash.
func (e *Env) runShell(ctx context.Context, s *staged) (int, error) {
	shell, isBash := "bash", true
	if _, err := lookPath(shell); err != nil {
		shell, isBash = "sh", false
	}
	text := s.text + s.modules
	var b strings.Builder
	if err := e.shellLoad(&b, text, isBash); err != nil {
		return 0, err
	}
	if err := e.shellVariables(&b, text, isBash); err != nil {
		return 0, err
	}
	fmt.Fprintf(&b, "set -- %s\n. %s\n", strings.NewReplacer("\r", " ", "\n", " ").Replace(s.parameters), shellQuote(s.path))
	main, err := e.memory("tako-main.sh", []byte(b.String()))
	if err != nil {
		return 0, err
	}
	return e.Exec(ctx, Process{Path: shell, Args: []string{"-c", ". " + main, s.path}, Dir: s.dir, Env: e.proxies()})
}

// shellLoad makes the library's functions callable.
func (e *Env) shellLoad(b *strings.Builder, text string, isBash bool) error {
	library, err := libraryPath()
	if err != nil {
		return err
	}
	if shellCalls.MatchString(text) {
		fmt.Fprintf(b, ". %s\n", library)
	} else {
		fmt.Fprintf(b, "__tako(){ . %s;}\n%s", library, shellStubs)
	}
	if isBash { // a name with a hyphen is no function's name in POSIX sh
		b.WriteString("remove-octopustarget(){ __tako_removetarget \"$@\";}\n")
	} else {
		b.WriteString("alias remove-octopustarget=__tako_removetarget\n")
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
	asked := map[string]bool{}
	for _, match := range shellReads.FindAllStringSubmatch(text, -1) {
		asked[match[1]+match[2]+match[3]] = true
	}
	b.WriteString("get_octopusvariable(){ case \"$1\" in\n")
	for _, v := range all {
		if asked[v.Name] {
			shellArm(b, v)
		}
	}
	fmt.Fprintf(b, "*) . %s;get_octopusvariable \"$1\";;esac;}\n", table)
	if isBash && strings.Contains(text, "octopus_parameters") {
		b.WriteString("declare -gA octopus_parameters=(\n")
		for _, v := range all {
			if v.Name != "" {
				fmt.Fprintf(b, "[%s]=%s\n", shellQuote(v.Name), shellQuote(v.Value))
			}
		}
		b.WriteString(")\n")
	}
	return nil
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
