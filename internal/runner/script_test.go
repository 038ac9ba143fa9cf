package runner

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/footprint"
)

// lockedBuffer takes what two pipes write.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

type bench struct {
	*Env
	out, err lockedBuffer
}

func newBench(t *testing.T, variables ...Variable) *bench {
	t.Helper()
	home := t.TempDir()
	b := &bench{}
	variables = append(variables, Variable{Name: "Octopus.Action.Script.SuppressEnvironmentLogging", Value: "True"})
	b.Env = &Env{
		Job: &Job{}, Home: home, Root: filepath.Join(home, ".tako"), Work: filepath.Join(home, "work"),
		Stdout: &b.out, Stderr: &b.err, Vars: NewVariables(variables), Environ: os.Environ(), Grace: time.Second,
	}
	for _, dir := range []string{b.Root, b.Work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(b.Cleanup)
	return b
}

func (b *bench) run(t *testing.T, s Script) int {
	t.Helper()
	code, err := b.RunScript(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// withShell runs a test with bash, and again with only sh to be found.
func withShell(t *testing.T, test func(t *testing.T, isBash bool)) {
	t.Helper()
	t.Run("bash", func(t *testing.T) { test(t, true) })
	t.Run("sh", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{"sh", "base64", "openssl", "wc", "tr", "basename", "cat", "pwd", "sleep", "ls", "mkdir", "dirname"} {
			if path, err := exec.LookPath(name); err == nil {
				if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		programs.Clear()
		t.Setenv("PATH", dir)
		t.Cleanup(programs.Clear)
		test(t, false)
	})
}

func TestShellFunctions(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"set", `set_octopusvariable "N" "V"`, "##octopus[setVariable name='Tg==' value='Vg==']"},
		{"set sensitive", `set_octopusvariable "N" "V" -sensitive`, "##octopus[setVariable name='Tg==' value='Vg==' sensitive='VHJ1ZQ==']"},
		{"set empty", `set_octopusvariable "N" ""`, "##octopus[setVariable name='Tg==']"},
		{"set long", `set_octopusvariable "N" "` + strings.Repeat("x", 200) + `"`, "##octopus[setVariable name='Tg==' value='" + b64(strings.Repeat("x", 200)) + "']"},
		{"set lines", "set_octopusvariable N 'a\nb'", "##octopus[setVariable name='Tg==' value='" + b64("a\nb") + "']"},
		{"progress", `update_progress 42 "half way"`, "##octopus[progress percentage='NDI=' message='" + b64("half way") + "']"},
		{"verbose", `write_verbose "a  b"`, "##octopus[stdout-verbose]\na  b\n##octopus[stdout-default]"},
		{"highlight", `write_highlight x`, "##octopus[stdout-highlight]\nx\n##octopus[stdout-default]"},
		{"wait", `write_wait x`, "##octopus[stdout-wait]\nx\n##octopus[stdout-default]"},
		{"warning", `write_warning x`, "##octopus[stdout-warning]\nx\n##octopus[stdout-default]"},
		{"encode", `encode_servicemessagevalue "häh"`, b64("häh")},
		{"decode", `decode_servicemessagevalue "` + b64("häh") + `"`, "häh"},
		{"target", `new_octopustarget -n "T 1" --target-id id --inputs '{"a":1}' --roles r --worker-pool p --update-if-existing`,
			"##octopus[createStepPackageTarget name='" + b64("T 1") + "' targetId='" + b64("id") + "' inputs='" + b64(`{"a":1}`) + "' octopusRoles='" + b64("r") +
				"' octopusDefaultWorkerPoolIdOrName='" + b64("p") + "' updateIfExisting='" + b64("true") + "']"},
		{"delete target", "\nremove-octopustarget web01", "##octopus[delete-target machine='" + b64("web01") + "']"},
		{"state", `set_environmentstate k v`, "##octopus[set-environmentstate key='aw==' value='dg==' type='" + b64("State") + "']"},
		{"state sensitive", `set_environmentstate k v -sensitive`, "##octopus[set-environmentstate key='aw==' value='dg==' sensitive='VHJ1ZQ==' type='" + b64("State") + "']"},
		{"url", `set_environmenturl k http://x`, "##octopus[set-environmentstate key='aw==' value='" + b64("http://x") + "' type='" + b64("Url") + "']"},
		{"manifest", "report_kubernetes_manifest 'a: 1\n---\nb: 2' space",
			"##octopus[k8s-manifest-applied manifest='" + b64("a: 1\n") + "' ns='" + b64("space") + "']\n##octopus[k8s-manifest-applied manifest='" + b64("b: 2\n") + "' ns='" + b64("space") + "']"},
		{"manifest file missing", "report_kubernetes_manifest_file nowhere", "##octopus[stdout-verbose]\nNo Kubernetes manifest file was found at 'nowhere'.\n##octopus[stdout-default]"},
		{"called indirectly", `f=write_wait; $f x`, "##octopus[stdout-wait]\nx\n##octopus[stdout-default]"},
		{"called by a sourced file", `echo 'write_wait "from a file"' > f.sh; . ./f.sh`, "##octopus[stdout-wait]\nfrom a file\n##octopus[stdout-default]"},
	}
	withShell(t, func(t *testing.T, _ bool) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				b := newBench(t)
				code := b.run(t, Script{Syntax: Bash, Body: test.script})
				if diff := cmp.Diff(test.want, strings.TrimSuffix(b.out.text(), "\n")); diff != "" || code != 0 || b.err.Len() > 0 {
					t.Errorf("exit %d, %s\n%s", code, b.err.text(), diff)
				}
			})
		}
	})
}

func TestShellArtifact(t *testing.T) {
	withShell(t, func(t *testing.T, _ bool) {
		b := newBench(t)
		if err := os.WriteFile(filepath.Join(b.Work, "a file.txt"), []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
		b.run(t, Script{Syntax: Bash, Body: `new_octopusartifact "a file.txt" "shown.txt"`})
		want := fmt.Sprintf("##octopus[createArtifact path='%s' name='%s' length='%s']", b64(filepath.Join(b.Work, "a file.txt")), b64("shown.txt"), b64("5"))
		if !strings.Contains(b.out.text(), want) {
			t.Errorf("%s does not hold %s", b.out.text(), want)
		}
		if code := b.run(t, Script{Syntax: Bash, Body: `new_octopusartifact missing; echo not reached`}); code == 0 || strings.Contains(b.out.text(), "not reached") {
			t.Errorf("a missing artifact: exit %d", code)
		}
	})
}

func TestShellFail(t *testing.T) {
	withShell(t, func(t *testing.T, _ bool) {
		b := newBench(t)
		if code := b.run(t, Script{Syntax: Bash, Body: "fail_step 'all lost'\necho not reached"}); code != 1 {
			t.Errorf("exit %d", code)
		}
		if want := "##octopus[resultMessage message='" + b64("all lost") + "']\n"; b.out.text() != want {
			t.Errorf("%q", b.out.text())
		}
		for body, want := range map[string]int{"exit 7": 7, "false": 1, "true": 0, "set -e\nfalse\necho x": 1, "kill -9 $$": 137, "return 4": 4} {
			if code := b.run(t, Script{Syntax: Bash, Body: body}); code != want {
				t.Errorf("%q: exit %d", body, code)
			}
		}
	})
}

// awkward are values that a careless quoting breaks.
var awkward = []string{
	"plain", "", " leading and trailing ", "two\nlines\n", "it's", `"double"`, "$HOME `id` $(id) \\ \\n", "a'b'c''", "#{not this}x", "tab\tand\rreturn",
	"häßlich 日本 🐙", "\x01\x02\x7f\x1b[31m", "\xff\xfe not UTF-8", "*?[a-z]", "-n", "-e \\t", "%s %d", strings.Repeat("long ", 5000), "!history", "]]",
}

func TestShellValues(t *testing.T) {
	withShell(t, func(t *testing.T, isBash bool) {
		variables := []Variable{{Name: "häßlicher Name", Value: "odd name"}, {Name: "it's a name", Value: "quoted name"}}
		for i, value := range awkward {
			variables = append(variables, Variable{Name: fmt.Sprintf("V.%d", i), Value: value})
		}
		b := newBench(t, variables...)
		for i, want := range awkward {
			for _, body := range []string{
				fmt.Sprintf("get_octopusvariable V.%d > out", i),           // at hand
				fmt.Sprintf("n=V.%d; get_octopusvariable \"$n\" > out", i), // from the table
			} {
				b.run(t, Script{Syntax: Bash, Body: body})
				got, err := os.ReadFile(filepath.Join(b.Work, "out"))
				if err != nil {
					t.Fatal(err)
				}
				if expected, _ := b.Vars.Get(fmt.Sprintf("V.%d", i)); string(got) != expected || expected != want && !strings.Contains(want, "#{") {
					t.Errorf("value %d: got %q, want %q", i, got, want)
				}
			}
		}
		b.run(t, Script{Syntax: Bash, Body: "get_octopusvariable 'häßlicher Name'; echo; n=\"it's a name\"; get_octopusvariable \"$n\"; echo; n=häßlicher; get_octopusvariable \"$n Name\"; echo; get_octopusvariable unknown; n=none; get_octopusvariable $n"})
		if want := "odd name\nquoted name\nodd name\n\n\n"; b.out.text() != want {
			t.Errorf("%q", b.out.text())
		}
		if !isBash {
			return
		}
		b.run(t, Script{Syntax: Bash, Body: `for k in "${!octopus_parameters[@]}"; do printf '%s=%s\0' "$k" "${octopus_parameters[$k]}"; done > out`})
		data, _ := os.ReadFile(filepath.Join(b.Work, "out"))
		pairs := strings.Split(string(data), "\x00")
		for i, want := range awkward {
			if strings.Contains(want, "#{") {
				continue
			}
			if !slices.Contains(pairs, fmt.Sprintf("V.%d=%s", i, want)) {
				t.Errorf("octopus_parameters[V.%d] is not %q", i, want)
			}
		}
	})
}

// Two thousand variables must cost milliseconds, not a process each.
func TestShellManyVariables(t *testing.T) {
	var variables []Variable
	for i := range 2000 {
		variables = append(variables, Variable{Name: fmt.Sprintf("Octopus.Some.Thing[%d].Value", i), Value: fmt.Sprintf("value\n%d", i)})
	}
	b := newBench(t, variables...)
	began := time.Now()
	b.run(t, Script{Syntax: Bash, Body: `get_octopusvariable nothing; for i in 0 7 1999; do get_octopusvariable "Octopus.Some.Thing[$i].Value"; done`})
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	if want := "\nvalue\n0value\n7value\n1999"; b.out.text() != want {
		t.Errorf("%q", b.out.text())
	}
}

func TestShellParametersAndPlace(t *testing.T) {
	withShell(t, func(t *testing.T, isBash bool) {
		b := newBench(t, Variable{Name: "Who", Value: "the world"})
		b.run(t, Script{Syntax: Bash, Body: "echo $# \"$1\" \"$2\"\npwd", Parameters: `-n "hello #{Who}" # and no more`})
		if want := "2 -n hello the world\n" + b.Work + "\n"; b.out.text() != want {
			t.Errorf("%q", b.out.text())
		}
		// Messages name the script and its own lines.
		b.run(t, Script{Syntax: Bash, Body: "echo $Who\n\nno-such-command-here\n"})
		if got := b.err.text(); !strings.Contains(got, "Script.sh:") || !strings.Contains(got, "3:") || strings.Contains(got, "/proc/") {
			t.Errorf("%q", got)
		}
		if isBash {
			b.run(t, Script{Syntax: Bash, Body: `dirname "${BASH_SOURCE[0]}"; basename "$0"`, Name: "Mine.sh"})
			if !strings.HasSuffix(b.out.text(), b.Work+"\nMine.sh\n") {
				t.Errorf("%q", b.out.text())
			}
		}
	})
}

// Expressions in a script are evaluated, line ends and marks of other systems
// are removed, and nothing of a secret stays on disk.
func TestScriptText(t *testing.T) {
	b := newBench(t, Variable{Name: "Secret", Value: "hunter2", Sensitive: true},
		Variable{Name: "Octopus.Script.Module[My Tools!]", Value: "tool() { echo \"tool #{Secret} $1\"; }\r\n"},
		Variable{Name: "Octopus.Script.Module.Language[My Tools!]", Value: "Bash"},
		Variable{Name: "Octopus.Script.Module[Other]", Value: "not for shells"})
	b.run(t, Script{Syntax: Bash, Body: "\uFEFFecho '#{Secret}' '##{Kept}'\r\nsource MyTools.sh\r\ntool x\r\nls\r\n"})
	if want := "hunter2 #{Kept}\ntool hunter2 x\nMyTools.sh\n"; b.out.text() != want {
		t.Errorf("%q, %q", b.out.text(), b.err.text())
	}
	path := filepath.Join(b.Home, "pkg", "run.sh")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("echo #{Secret}; dirname \"${BASH_SOURCE[0]}\"; ls; cat neighbour\r\n"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.Home, "pkg", "neighbour"), []byte("hi\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.out.Reset()
	b.run(t, Script{Path: path})
	if want := "hunter2\n" + filepath.Dir(path) + "\nMyTools.sh\nneighbour\nrun.sh\nhi\n"; b.out.text() != want {
		t.Errorf("%q, %q", b.out.text(), b.err.text())
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
	out, _ := exec.Command("grep", "-r", "hunter2", b.Home).CombinedOutput()
	if len(out) > 0 {
		t.Errorf("the secret is on disk: %s", out)
	}
}

func TestPythonFunctions(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	tests := []struct {
		name, script, want string
		code               int
	}{
		{"set", `set_octopusvariable("N", "V"); print(octopusvariables["N"])`, "##octopus[setVariable name='Tg==' value='Vg==']\nV", 0},
		{"set sensitive", `set_octopusvariable("N", "V", True)`, "##octopus[setVariable name='Tg==' value='Vg==' sensitive='VHJ1ZQ==']", 0},
		{"get", `print(get_octopusvariable("A b"), repr(get_octopusvariable("none")))`, "välue\n2 ''", 0},
		{"progress", `updateprogress(42, "x")`, "##octopus[progress percentage='NDI=' message='eA==']", 0},
		{"fail", "failstep('no')\nprint('not reached')", "##octopus[resultMessage message='bm8=']", 255},
		{"verbose", `printverbose("x")`, "##octopus[stdout-verbose]\nx\n##octopus[stdout-default]", 0},
		{"warning", `printwarning("x"); printwait("y"); printhighlight("z")`,
			"##octopus[stdout-warning]\nx\n##octopus[stdout-default]\n##octopus[stdout-wait]\ny\n##octopus[stdout-default]\n##octopus[stdout-highlight]\nz\n##octopus[stdout-default]", 0},
		{"code", `print(decode(encode("ä"))); import sys; sys.exit(3)`, "ä", 3},
		{"arguments", `import sys; print(sys.argv[1:], __name__)`, "['a', 'b c'] __main__", 0},
		{"module", `import Tools; print(Tools.answer())`, "42", 0},
		{"expression", `print("#{A b}".replace("\n", "/"))` + "\r\n", "", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Variable{Name: "A b", Value: "välue\n2"},
				Variable{Name: "Octopus.Script.Module[Tools]", Value: "def answer():\r\n  return 42\r\n"},
				Variable{Name: "Octopus.Script.Module.Language[Tools]", Value: "Python"})
			code := b.run(t, Script{Syntax: Python, Body: test.script, Parameters: `a "b c"`})
			if diff := cmp.Diff(test.want, strings.TrimSuffix(b.out.text(), "\n")); diff != "" || code != test.code {
				t.Errorf("exit %d, %s\n%s", code, b.err.text(), diff)
			}
		})
	}
}

func TestPythonArtifactAndMessages(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	b := newBench(t)
	b.run(t, Script{Syntax: Python, Body: "open('a.txt','w').write('123')\ncreateartifact('a.txt')\nraise ValueError('on purpose')\n"})
	want := fmt.Sprintf("##octopus[createArtifact path='%s' name='%s' length='%s']", b64(filepath.Join(b.Work, "a.txt")), b64("a.txt"), b64("3"))
	if !strings.Contains(b.out.text(), want) {
		t.Errorf("%s", b.out.text())
	}
	if got := b.err.text(); !strings.Contains(got, `File "Script.py", line 3`) || !strings.Contains(got, "on purpose") {
		t.Errorf("%s", got)
	}
}

// What a PowerShell or C# script is started with is right even where neither
// is installed.
func TestOtherSyntaxes(t *testing.T) {
	b := newBench(t)
	for syntax, program := range map[Syntax]string{PowerShell: "pwsh", CSharp: "dotnet-script"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		_, err := b.RunScript(context.Background(), Script{Syntax: syntax, Body: "x"})
		if err == nil || !strings.Contains(err.Error(), program) {
			t.Errorf("%s: %v", syntax, err)
		}
	}
	s := &staged{path: "/w/it's.ps1", parameters: "-A 'x'\r\n-B y", imports: []string{"Import-ScriptModule 'M' '/w/M.psm1'"}}
	text := powerShellBootstrap(s, "/proc/1/fd/2")
	for _, want := range []string{"$TakoData = '/proc/1/fd/2'", ". '/w/it''s.ps1' -A 'x'  -B y", "Import-ScriptModule 'M'", "function Set-OctopusVariable"} {
		if !strings.Contains(text, want) {
			t.Errorf("the bootstrap lacks %s", want)
		}
	}
	if text := csharpConfigure("/proc/1/fd/2", true); !strings.Contains(text, "static class Octopus") || !strings.Contains(text, `File.ReadAllLines("/proc/1/fd/2")`) {
		t.Error(text)
	}
}

func TestProxies(t *testing.T) {
	b := newBench(t, Variable{Name: "TentacleProxyHost", Value: "proxy"}, Variable{Name: "TentacleProxyPort", Value: "3128"},
		Variable{Name: "TentacleProxyUsername", Value: "me"}, Variable{Name: "TentacleProxyPassword", Value: "p@ss"})
	b.Environ = []string{"PATH=" + os.Getenv("PATH")}
	b.run(t, Script{Syntax: Bash, Body: `echo "$HTTP_PROXY $https_proxy $NO_PROXY"`})
	if want := "http://me:p%40ss@proxy:3128 http://me:p%40ss@proxy:3128 127.0.0.1,localhost,169.254.169.254\n"; b.out.text() != want {
		t.Errorf("%q", b.out.text())
	}
}

func TestEnvironmentIsDescribed(t *testing.T) {
	b := newBench(t)
	b.Vars.Set("Octopus.Action.Script.SuppressEnvironmentLogging", "False")
	b.run(t, Script{Syntax: Bash, Body: "true"})
	for _, want := range []string{"##octopus[stdout-verbose]\nBash Environment Information:", "  OperatingSystem: Linux", "CurrentDirectory: " + b.Work, "##octopus[stdout-default]"} {
		if !strings.Contains(b.out.text(), want) {
			t.Errorf("%q lacks %q", b.out.text(), want)
		}
	}
}

// TestScriptsAreWokenAsUsual holds that a script does not inherit how late the
// agent itself may be woken.
func TestScriptsAreWokenAsUsual(t *testing.T) {
	runtime.LockOSThread() // and not unlocked: the thread ends with the test
	if err := footprint.Coarse(); err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	if code, err := b.RunScript(t.Context(), Script{Syntax: Bash, Body: "cat /proc/self/timerslack_ns"}); err != nil || code != 0 {
		t.Fatalf("%d %v: %s", code, err, b.err.text())
	}
	if got := strings.TrimSpace(b.out.text()); got != "50000" {
		t.Errorf("a script's timers have %s ns of slack", got)
	}
}
