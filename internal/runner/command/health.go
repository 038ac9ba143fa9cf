package command

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/takodeploy/tako/internal/runner"
)

// Health is the command that checks a machine. Without a script of its own
// it describes the machine and warns of what will soon be in the way.
var Health = runner.Register(runner.Command{Name: "health", Run: checkHealth})

// scarce is the free space below which a machine is healthy with a warning.
const scarce = 5 << 30

func checkHealth(ctx context.Context, env *runner.Env) (int, error) {
	if body, _ := env.Vars.Raw(varBody); strings.TrimSpace(body) != "" {
		return runScript(ctx, env)
	}
	host, _ := os.Hostname()
	env.Printf("Machine %s, %s on %s, %d processors", host, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		unit := uint64(info.Unit)
		free := uint64(info.Freeram) * unit
		if table, err := os.ReadFile("/proc/meminfo"); err == nil {
			free = availableMemory(string(table), free)
		}
		env.Printf("Memory %s, available %s; up for %d hours", size(uint64(info.Totalram)*unit), size(free), info.Uptime/3600)
	}
	for _, place := range []string{env.Root, os.TempDir()} {
		checkSpace(env, place)
	}
	if err := checkWritable(env.Work); err != nil {
		return 0, err
	}
	return 0, nil
}

// availableMemory is what programs can still have, in bytes, by /proc/meminfo: most
// of what is not free holds copies of files, which give way.
func availableMemory(table string, free uint64) uint64 {
	for line := range strings.Lines(table) {
		var kib uint64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return free // of a kernel before 3.14
}

func checkSpace(env *runner.Env, place string) {
	var fs unix.Statfs_t
	if err := unix.Statfs(place, &fs); err != nil {
		env.Warnf("The free space under %s cannot be read: %v", place, err)
		return
	}
	free, total := fs.Bavail*uint64(fs.Bsize), fs.Blocks*uint64(fs.Bsize)
	env.Printf("Disk under %s: %s of %s free", place, size(free), size(total))
	if free < scarce && free < total/10 {
		env.Warnf("Only %s are free under %s", size(free), place)
	}
	if fs.Files > 0 && fs.Ffree < fs.Files/50 {
		env.Warnf("Only %d of %d files can still be made under %s", fs.Ffree, fs.Files, place)
	}
}

// checkWritable makes sure that a job could store what it needs.
func checkWritable(dir string) error {
	f, err := os.CreateTemp(dir, ".health-*")
	if err != nil {
		return fmt.Errorf("writing to the work folder: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(make([]byte, 4096)); err != nil {
		return fmt.Errorf("writing to the work folder: %w", err)
	}
	return nil
}

func size(bytes uint64) string {
	const units = "KMGTP"
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes)/1024, 0
	for value >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
