package host

import (
	"bufio"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// Version is the agent's version, set by the linker.
var Version = "0.0.0-dev"

// describeMachine says what a probe wants to know.
func (e *engine) describeMachine() wire.Host {
	h := wire.Host{
		OS: runtime.GOOS, Arch: runtime.GOARCH, Hostname: machine().name,
		Distribution: distribution(), Kernel: kernel(), Home: e.options.Home,
		Shells: shells(), MemoryTotal: memoryTotal(), Version: Version,
	}
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	var fs unix.Statfs_t
	if unix.Statfs(e.root, &fs) == nil {
		h.DiskFree = int64(fs.Bavail) * int64(fs.Bsize)
		h.DiskTotal = int64(fs.Blocks) * int64(fs.Bsize)
	}
	return h
}

func distribution() string {
	f, err := os.Open("/etc/os-release")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "PRETTY_NAME="); ok {
			return strings.Trim(name, `"'`)
		}
	}
	return ""
}

func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

func memoryTotal() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return int64(info.Totalram) * int64(info.Unit)
}

// shells are the script languages that the machine can run.
func shells() []string {
	var found []string
	for _, one := range []struct {
		syntax   runner.Syntax
		programs []string
	}{
		{runner.Bash, []string{"bash", "sh"}},
		{runner.Python, []string{"python3"}},
		{runner.PowerShell, []string{"pwsh"}},
		{runner.CSharp, []string{"dotnet-script"}},
	} {
		for _, program := range one.programs {
			if _, err := exec.LookPath(program); err == nil {
				found = append(found, string(one.syntax))
				break
			}
		}
	}
	return found
}

// environment is what the job's processes are started with: the host's own,
// without what belonged to the login that happened to start it and without
// the server's settings.
func environment(root string) []string {
	var env []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "TAKO_") || strings.HasPrefix(name, "SSH_") || name == "BASH_ENV" || name == "ENV" || name == "OLDPWD" || name == "PWD" || name == "_" {
			continue
		}
		env = append(env, pair)
	}
	return append(env,
		"TentacleHome="+root,
		"TentacleApplications="+filepath.Join(root, "Applications"),
		"TentacleJournal="+filepath.Join(root, "DeploymentJournal.xml"),
		"CalamariPackageRetentionJournalPath="+filepath.Join(root, "PackageRetentionJournal.json"),
		"TentacleVersion="+Version,
	)
}
