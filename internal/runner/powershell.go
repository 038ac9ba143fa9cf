package runner

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed bootstrap/lib.ps1
var powerShellLibrary []byte

// noteModule remembers a script module, which PowerShell imports by itself.
func (e *Env) noteModule(s *staged, module, path string) {
	s.imports = append(s.imports, fmt.Sprintf("Import-ScriptModule %s %s", powerShellQuote(module), powerShellQuote(path)))
}

// runPowerShell runs a script in PowerShell 7. A bootstrap in memory, with a
// link beside the script because PowerShell goes by extensions, defines the
// functions and the variables and then dot-sources the script.
func (e *Env) runPowerShell(ctx context.Context, s *staged) (int, error) {
	if _, err := lookPath("pwsh"); err != nil {
		return 0, fmt.Errorf("the script is in PowerShell: %w", err)
	}
	var lines strings.Builder
	for _, v := range e.scriptVariables() {
		fmt.Fprintf(&lines, "%s$%s\n", encode64(v.Name), encode64(v.Value))
	}
	data, err := e.memory("tako-variables", []byte(lines.String()))
	if err != nil {
		return 0, err
	}
	bootstrap := filepath.Join(e.Work, "Bootstrap."+filepath.Base(s.path))
	if err := e.link(s, bootstrap, powerShellBootstrap(s, data)); err != nil {
		return 0, err
	}
	command := fmt.Sprintf("try { . %s; if ((Test-Path variable:global:LASTEXITCODE)) { exit $LASTEXITCODE } } catch { throw }", powerShellQuote(bootstrap))
	return e.Exec(ctx, Process{
		Path: "pwsh", Dir: s.dir, Env: e.proxies(),
		Args: []string{"-NoProfile", "-NoLogo", "-NonInteractive", "-ExecutionPolicy", "Unrestricted", "-Command", command},
	})
}

func powerShellBootstrap(s *staged, data string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "param([string]$OctopusKey = '')\n$TakoData = %s\n", powerShellQuote(data))
	b.Write(powerShellLibrary)
	for _, line := range s.imports {
		b.WriteString(line + "\n")
	}
	fmt.Fprintf(&b, `
try { . %s %s }
catch {
    [Console]::Error.WriteLine("$($_.CategoryInfo.Category): $($_.Exception.Message)")
    [Console]::Error.WriteLine($_.InvocationInfo.PositionMessage)
    [Console]::Error.WriteLine($_.ScriptStackTrace)
    if ($null -ne $_.ErrorDetails) { [Console]::Error.WriteLine($_.ErrorDetails.Message) }
    exit 1
}
if ((Test-Path variable:global:LASTEXITCODE)) { exit $LASTEXITCODE }
`, powerShellQuote(s.path), strings.NewReplacer("\r", " ", "\n", " ").Replace(s.parameters))
	return b.String()
}

func powerShellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func encode64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
