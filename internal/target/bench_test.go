package target_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// cpu is the processor time of this process and of either its children that
// ended or another process with its own.
func cpu(pid int) time.Duration {
	var self, children syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self)
	sum := self.Utime.Nano() + self.Stime.Nano()
	if pid == 0 {
		_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)
		sum += children.Utime.Nano() + children.Stime.Nano()
	} else {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		for _, f := range fields[11:15] {
			n, _ := strconv.ParseInt(f, 10, 64)
			sum += n * int64(time.Second) / 100
		}
	}
	return time.Duration(sum)
}

// BenchmarkLocalScripts is the price of one trivial script on the built-in
// worker, all told, beside that of starting a shell.
func BenchmarkLocalScripts(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		began := cpu(0)
		for b.Loop() {
			if err := exec.Command("bash", "-c", "true").Run(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64((cpu(0)-began).Microseconds())/float64(b.N), "cpu-µs/op")
	})
	for _, lanes := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) { benchmarkScripts(b, lanes) })
	}
}

func benchmarkScripts(b *testing.B, lanes int) {
	home, err := os.MkdirTemp("", "target-bench-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(home)
	tr, err := target.OpenLocal(target.Local{Dir: home}, target.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer tr.Close()
	job := script("echo hello")
	for i := range 60 {
		job.Variables = append(job.Variables, runner.Variable{Name: fmt.Sprintf("Octopus.Some.Variable[%d].Name", i), Value: "a value of ordinary length"})
	}
	one := func(ticket string) error {
		ctx := context.Background()
		if err := tr.Start(ctx, ticket, job); err != nil {
			return err
		}
		exit, err := tr.Follow(ctx, ticket, 0, func([]runner.Line) error { return nil })
		if err != nil {
			return err
		}
		if exit.Code != 0 {
			return fmt.Errorf("%+v", exit)
		}
		return tr.Complete(ctx, ticket)
	}
	if err := one("warm"); err != nil {
		b.Fatal(err)
	}
	host := hostOf(b, home)
	began := cpu(host)
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range lanes {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := one(fmt.Sprintf("bench-%d", n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpu(host)-began).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "scripts/s")
}

// hostOf finds the host process of a home.
func hostOf(b *testing.B, home string) int {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if strings.Contains(string(line), home) {
			pid, err := strconv.Atoi(e.Name())
			if err == nil {
				return pid
			}
		}
	}
	b.Fatal("no host found")
	return 0
}
