package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

const (
	packageID = "Bench.Fleet"
	// subreaper makes this process the parent of what daemons leave behind, so
	// that the processor time of agents is found in its tree.
	subreaper = 36 // PR_SET_CHILD_SUBREAPER
)

// spent is what one way of bringing a package to all machines took.
type spent struct{ wall, cpu, server, wrote float64 }

// fleet is a server with machines that it has never been connected to.
type fleet struct {
	b        *bench
	t        *tako
	plan     plan
	machines []*sshdtest.Server
	dir      string
	packages map[string][]byte // by version
	want     string            // SHA-256 of the file that the package's script looks at
}

// ssh measures a package on its way to machines with SSH, beside a loop of
// plain ssh and tar with as many at once.
func (b *bench) ssh() ([]row, error) {
	if err := sshdtest.Available(); err != nil {
		return nil, err
	}
	if _, _, failed := syscall.RawSyscall(syscall.SYS_PRCTL, subreaper, 1, 0); failed != 0 {
		return nil, fmt.Errorf("becoming the parent of orphans: %w", failed)
	}
	var plain, first, later, again []spent
	for round := range b.rounds {
		level := len(b.undo)
		f, err := b.newFleet(fmt.Sprintf("ssh-%d", round))
		if err != nil {
			return nil, err
		}
		for _, one := range []struct {
			into *[]spent
			run  func() (spent, error)
		}{
			{&plain, f.plain},
			{&first, func() (spent, error) { return f.deploy("1.0.0", "") }},
			{&plain, f.plain},
			{&later, func() (spent, error) { return f.deploy("2.0.0", "") }},
			{&again, func() (spent, error) { return f.deploy("2.0.0", "_1") }},
		} {
			s, err := one.run()
			if err != nil {
				return nil, err
			}
			*one.into = append(*one.into, s)
		}
		b.stop(level)
	}
	return b.compareFleets(plain, first, later, again), nil
}

func (b *bench) compareFleets(plain, first, later, again []spent) []row {
	m := func(all []spent, of func(spent) float64) float64 {
		var values []float64
		for _, s := range all {
			values = append(values, of(s))
		}
		return median(values)
	}
	wall, cpu := func(s spent) float64 { return s.wall }, func(s spent) float64 { return s.cpu }
	server, wrote := func(s spent) float64 { return s.server }, func(s spent) float64 { return s.wrote }
	seconds := func(what string, all []spent, of func(spent) float64) row {
		return compare(what+", a loop of tar and ssh", "s", m(all, of), m(plain, of), 1.3)
	}
	return []row{
		seconds("machines with the agent: time", later, wall),
		seconds("machines with the agent: processor time of both ends", later, cpu),
		seconds("machines never seen before, agent brought: time", first, wall),
		seconds("machines never seen before, agent brought: processor time of both ends", first, cpu),
		compare("the same package again: time, the first deployment", "s", m(again, wall), m(first, wall), .3),
		compare("the same package again: processor time, the first deployment", "s", m(again, cpu), m(first, cpu), .3),
		compare("the same package again: time, the deployment before", "s", m(again, wall), m(later, wall), 0),
		compare("the same package again: processor time, the deployment before", "s", m(again, cpu), m(later, cpu), 0),
		inform("of it the server's own: first, with the agent, again", number(m(first, server))+", "+number(m(later, server))+", "+number(m(again, server))+" s", ""),
		inform("written by the server: first, with the agent, again", number(m(first, wrote))+", "+number(m(later, wrote))+", "+number(m(again, wrote))+" MiB", ""),
	}
}

// newFleet starts machines, a server that knows of them, and a project that
// deploys the package to them.
func (b *bench) newFleet(name string) (*fleet, error) {
	f := &fleet{b: b}
	var err error
	if f.dir, err = os.MkdirTemp(b.homes(), "tako-"+name+"-machines-"); err != nil {
		return nil, err
	}
	b.later(f.leave)
	if f.packages, f.want, err = b.fleetPackages(); err != nil {
		return nil, err
	}
	if f.t, err = b.newTako(name); err != nil {
		return nil, err
	}
	for i := range b.machines {
		s, err := sshdtest.Start(sshdtest.Options{Dir: filepath.Join(f.dir, fmt.Sprint(i))})
		if err != nil {
			return nil, err
		}
		b.later(s.Stop)
		f.machines = append(f.machines, s)
	}
	feed, err := f.t.first(space + "/feeds?feedType=BuiltIn&take=1")
	if err != nil {
		return nil, err
	}
	f.plan, err = f.t.project("Fleet", rest.Object{"Octopus.Action.TargetRoles": "fleet"}, rest.Object{"ActionType": "Octopus.TentaclePackage",
		"Packages": []rest.Object{{"Name": "", "PackageId": packageID, "FeedId": id(feed), "AcquisitionLocation": "Server", "Properties": rest.Object{}}}})
	if err != nil {
		return nil, err
	}
	set, err := f.t.c.Get(space + "/variables/variableset-" + f.plan.project)
	if err != nil {
		return nil, err
	}
	most := fmt.Sprint(b.machines)
	set["Variables"] = []rest.Object{
		{"Name": "Octopus.Action.MaxParallelism", "Value": most, "Type": "String", "Scope": rest.Object{}},
		{"Name": "Octopus.Acquire.MaxParallelism", "Value": most, "Type": "String", "Scope": rest.Object{}}}
	if _, err := f.t.c.Put(space+"/variables/variableset-"+f.plan.project, set); err != nil {
		return nil, err
	}
	return f, f.register()
}

// homes is where machines' folders go: into memory where there is room. Some
// file systems take the longer to make a file, of which a package is full, the
// more were removed in the last minutes; both sides would measure who else uses
// the disk.
func (b *bench) homes() string {
	const memory, noexec, each = "/dev/shm", 8, 64 << 20 // ST_NOEXEC; of one machine in all turns
	var fs syscall.Statfs_t
	need := int64(b.machines) * each
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Flags&noexec != 0 || int64(fs.Bavail)*fs.Bsize < need || available() < 2*need {
		fmt.Fprintln(os.Stderr, "the machines lie on the disk:", memory, "has no room for them")
		return b.dir
	}
	return memory
}

// register tells the server of the machines. Their first health check would
// bring them the agent ahead of the first deployment, so there is none.
func (f *fleet) register() error {
	for i, m := range f.machines {
		name := fmt.Sprintf("fleet-%d", i)
		account, err := f.t.c.Post(space+"/accounts", rest.Object{"Name": name, "AccountType": "SshKeyPair", "Username": m.User,
			"PrivateKeyFile": rest.Object{"HasValue": true, "NewValue": base64.StdEncoding.EncodeToString([]byte(m.PrivateKey))}})
		if err != nil {
			return err
		}
		_, err = f.t.c.Post(space+"/machines", rest.Object{"Name": name, "Roles": []string{"fleet", name}, "EnvironmentIds": []string{f.plan.environment}, "SkipInitialHealthCheck": true,
			"Endpoint": rest.Object{"CommunicationStyle": "Ssh", "AccountId": id(account), "Host": m.Host, "Port": m.Port, "Fingerprint": m.Fingerprint, "DotNetCorePlatform": "linux-x64"}})
		if err != nil {
			return err
		}
	}
	return nil
}

// plain is the loop that ours is compared with: the package through ssh into
// tar, the script, one connection for each machine.
func (f *fleet) plain() (spent, error) {
	began, cpu := time.Now(), cpuOf(os.Getpid())
	failures := make(chan error, len(f.machines))
	var wg sync.WaitGroup
	for _, m := range f.machines {
		wg.Go(func() {
			cmd := exec.Command("ssh", "-F", "none", "-p", fmt.Sprint(m.Port), "-i", filepath.Join(m.Dir, "id"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
				"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", m.User+"@"+m.Host,
				`set -e; d=$(mktemp -d "$HOME/plain.XXXXXX"); cd "$d"; tar xzf -; sh Deploy.sh; cat sum`)
			cmd.Stdin = bytes.NewReader(f.packages["1.0.0"])
			if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte(f.want)) {
				failures <- fmt.Errorf("ssh to %s: %w: %s", m.Host, err, out)
			}
		})
	}
	wg.Wait()
	close(failures)
	s := spent{wall: time.Since(began).Seconds(), cpu: (cpuOf(os.Getpid()) - cpu).Seconds()}
	return s, <-failures
}

// deploy deploys a version to all machines and looks whether it got there. The
// suffix is that of the folder when it is not the first time.
func (f *fleet) deploy(version, suffix string) (spent, error) {
	var s spent
	if suffix == "" {
		if _, err := f.t.c.Upload(space+"/packages/raw", packageID+"."+version+".tar.gz", f.packages[version]); err != nil {
			return s, err
		}
		if err := f.t.release(&f.plan, version, []rest.Object{{"ActionName": "Fleet", "Version": version}}); err != nil {
			return s, err
		}
	}
	wrote, err := written(f.t.pid())
	if err != nil {
		return s, err
	}
	began, cpu, server := time.Now(), cpuOf(os.Getpid()), cpuOf(f.t.pid())
	task, err := f.t.deploy(f.plan)
	if err != nil {
		return s, err
	}
	if err := f.t.done(task, 5*time.Minute); err != nil {
		return s, err
	}
	s = spent{wall: time.Since(began).Seconds(), cpu: (cpuOf(os.Getpid()) - cpu).Seconds(), server: (cpuOf(f.t.pid()) - server).Seconds()}
	after, err := written(f.t.pid())
	if err != nil {
		return s, err
	}
	s.wrote = float64(after-wrote) / (1 << 20)
	return s, f.check(task, version, suffix)
}

// check looks at every machine, and in the log at how often the package was
// sent.
func (f *fleet) check(task, version, suffix string) error {
	for _, m := range f.machines {
		file := filepath.Join(m.Home, ".tako", "Applications", "Bench", packageID, version+suffix, "sum")
		if text := read(file); !strings.HasPrefix(text, f.want) {
			return fmt.Errorf("%s holds %q instead of %s", file, text, f.want)
		}
	}
	want := len(f.machines)
	if suffix != "" {
		want = 0
	}
	var log string
	if err := f.t.c.Do("GET", "/api/tasks/"+task+"/raw", nil, &log); err != nil {
		return err
	}
	if n := strings.Count(log, packageID+" "+version+": sent "); n != want {
		return fmt.Errorf("the package was sent %d times and not %d", n, want)
	}
	return nil
}

// leave waits until the agents of machines that are gone have ended, and takes
// their folders away.
func (f *fleet) leave() {
	for _, p := range tree(os.Getpid())[1:] {
		if strings.Contains(read(fmt.Sprintf("/proc/%d/cmdline", p)), f.dir) {
			_ = syscall.Kill(p, syscall.SIGTERM)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := os.RemoveAll(f.dir); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
	}
}
