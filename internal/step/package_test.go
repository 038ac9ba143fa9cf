package step

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/target/sshdtest"
	"github.com/takodeploy/tako/internal/variable"
)

// shelf is a feed in memory: by "id version".
type shelf struct {
	files  map[string][]byte
	opened int // how often bytes were read
}

func (s *shelf) Open(_ context.Context, _, feed, id, version string) (runner.Package, func() (io.ReadCloser, error), error) {
	data, ok := s.files[id+" "+version]
	if !ok {
		return runner.Package{}, nil, fault.New(fault.NotFound, "The feed %s has no package %s %s.", feed, id, version)
	}
	sum := sha256.Sum256(data)
	return runner.Package{Hash: hex.EncodeToString(sum[:]), Extension: ".zip", Size: int64(len(data))}, func() (io.ReadCloser, error) {
		s.opened++
		return io.NopCloser(bytes.NewReader(data)), nil
	}, nil
}

func zipped(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		must(t, err)
		_, err = io.WriteString(f, files[i+1])
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// sshReach leads every place to a real SSH server.
func sshReach(t *testing.T) Reach {
	s := sshdtest.New(t, 1)[0]
	way, err := target.OpenSSH(s.SSH(), target.Options{})
	must(t, err)
	t.Cleanup(func() { way.Close() })
	return reachFunc(func(Place) (target.Transport, error) { return way, nil })
}

func TestPackages(t *testing.T) {
	for name, reach := range map[string]func(*testing.T) Reach{"local": localReach, "ssh": sshReach} {
		t.Run(name, func(t *testing.T) {
			feed := &shelf{files: map[string][]byte{
				"Web 1.0": zipped(t, "hello.sh", "echo \"from the package: $(cat Tool/tool.txt)\"; get_octopusvariable 'Octopus.Action.Package[Tool].PackageVersion'"),
				"Kit 2.0": zipped(t, "tool.txt", "a tool"),
			}}
			b := newBench(t, reach(t))
			job := Job{
				Action: "Run", Place: Place{ID: "Machines-1", Name: "web"}, Target: "Machines-1", Tools: &Tools{Packages: feed},
				Packages: []Package{
					{PackageID: "Web", Version: "1.0", FeedID: "feeds-builtin", Acquire: ByServer, Extract: true},
					{Reference: "Tool", PackageID: "Kit", Version: "2.0", FeedID: "feeds-builtin", Acquire: ByServer, Extract: true},
					{Reference: "Image", PackageID: "img", Version: "3.0", FeedID: "feeds-docker", Acquire: ByNobody},
				},
				Variables: variable.Resolve([]variable.Value{{Name: "Octopus.Action.Script.ScriptFileName", Value: "hello.sh"}}, variable.Context{}),
			}
			if o := b.run(AcquirePackages, job); o.State != Succeeded {
				t.Fatalf("%+v; log:\n%s", o, b.text())
			}
			sent := fmt.Sprintf("Info: Package Web 1.0: sent %d bytes.\nInfo: Package Kit 2.0: sent %d bytes.\n", len(feed.files["Web 1.0"]), len(feed.files["Kit 2.0"]))
			if got := b.text(Info); got != sent {
				t.Errorf("got %s", got)
			}
			if o := b.run(Script, job); o.State != Succeeded {
				t.Fatalf("%+v; log:\n%s", o, b.text())
			}
			if got := b.text(Info); got != sent+"Info: from the package: a tool\nInfo: 2.0\n" {
				t.Errorf("got %s", got)
			}
			if feed.opened != 2 {
				t.Errorf("packages were read %d times", feed.opened)
			}
		})
	}
}

// TestAcquireWhereItIsUsed brings packages to the target although the server
// carries the step out, and only looks for what is used elsewhere.
func TestAcquireWhereItIsUsed(t *testing.T) {
	feed := &shelf{files: map[string][]byte{"Web 1.0": zipped(t, "a.txt", "a")}}
	var reached []string
	inner := localReach(t)
	b := newBench(t, reachFunc(func(p Place) (target.Transport, error) {
		reached = append(reached, p.ID)
		if p.ID == "Machines-9" {
			return nil, fault.New(fault.Invalid, "Nothing runs there.")
		}
		way, _, err := inner.Reach(context.Background(), "", p)
		return way, err
	}))
	for _, id := range []string{"Machines-1", "Machines-9", ""} {
		b.data = nil
		o := b.run(AcquirePackages, Job{Target: id, Tools: &Tools{Packages: feed}, Packages: []Package{{PackageID: "Web", Version: "1.0", Acquire: ByServer}}})
		if o.State != Succeeded {
			t.Errorf("%s: %+v", id, o)
		}
	}
	if diff := cmp.Diff([]string{"Machines-1", "Machines-9"}, reached); diff != "" {
		t.Error(diff)
	}
	if feed.opened != 1 || strings.Count(b.text(Verbose), "is in its feed") != 2 {
		t.Errorf("opened %d times\n%s", feed.opened, b.text())
	}
}

// TestPackageIsToldOnce dies after each commit of an acquisition: whoever goes
// on says of no package a second time that it is there.
func TestPackageIsToldOnce(t *testing.T) {
	feed := &shelf{files: map[string][]byte{"Web 1.0": zipped(t, "a.txt", "a"), "Kit 2.0": zipped(t, "b.txt", "b")}}
	packages := []Package{{PackageID: "Web", Version: "1.0", Acquire: ByServer}, {Reference: "Kit", PackageID: "Kit", Version: "2.0", Acquire: ByServer}}
	for _, on := range []string{"Machines-1", ""} {
		b := newBench(t, localReach(t))
		job := Job{Target: on, Tools: &Tools{Packages: feed}, Packages: packages}
		for again := range 2 {
			b.dieAt = 1
			if _, err := AcquirePackages.Run(t.Context(), b.job(job, again > 0)); !errors.Is(err, errDied) && again == 0 {
				t.Fatalf("it did not die: %v", err)
			}
		}
		if got := b.text(); strings.Count(got, "Web 1.0") != 1 || strings.Count(got, "Kit 2.0") != 1 {
			t.Errorf("on %q the log says\n%s", on, got)
		}
	}
}

func TestPackageIsMissing(t *testing.T) {
	b := newBench(t, localReach(t))
	job := bash("echo never")
	job.Tools = &Tools{Packages: &shelf{}}
	job.Packages = []Package{{Reference: "Kit", PackageID: "Kit", Version: "9", FeedID: "feeds-builtin", Acquire: ByServer}}
	for _, e := range []Executor{Script, AcquirePackages} {
		if o := b.run(e, job); o.State != Failed || o.Error != "The feed feeds-builtin has no package Kit 9." {
			t.Errorf("%+v", o)
		}
	}
	if got := b.text(); got != "" {
		t.Errorf("log: %s", got)
	}
}

func TestDeployAndTransfer(t *testing.T) {
	feed := &shelf{files: map[string][]byte{"Web 1.0": zipped(t, "index.html", "hello", "PostDeploy.sh", "echo deployed $(cat index.html)")}}
	b := newBench(t, localReach(t))
	folder := t.TempDir()
	job := Job{
		Action: "Deploy", Ticket: "deploy1", Place: Place{ID: "Machines-1", Name: "web"}, Target: "Machines-1", Tools: &Tools{Packages: feed},
		Packages: []Package{{PackageID: "Web", Version: "1.0", FeedID: "feeds-builtin", Acquire: ByServer, Extract: true}},
		Variables: variable.Resolve([]variable.Value{
			{Name: "Octopus.Action.Package.TransferPath", Value: folder}, {Name: "Octopus.Environment.Name", Value: "Production"},
			{Name: "Octopus.Tentacle.Agent.ApplicationDirectoryPath", Value: t.TempDir()},
		}, variable.Context{}),
	}
	if o := b.run(DeployPackage, job); o.State != Succeeded {
		t.Errorf("%+v; log:\n%s", o, b.text())
	}
	if !strings.Contains(b.text(Info), "Info: deployed hello\n") {
		t.Error(b.text())
	}
	job.Ticket = "transfer1"
	b.cursor, b.data = 0, nil
	if o := b.run(TransferPackage, job); o.State != Succeeded {
		t.Errorf("%+v; log:\n%s", o, b.text())
	}
	job.Packages = nil
	if o := b.run(DeployPackage, job); o.State != Failed || o.Error != `The step "Deploy" names no package.` {
		t.Errorf("%+v", o)
	}
}

func TestTargetIsNotThere(t *testing.T) {
	way, err := target.OpenSSH(target.SSH{Host: "127.0.0.1", Port: 1, User: "me", Password: "x"}, target.Options{TrustUnknown: true})
	must(t, err)
	t.Cleanup(func() { way.Close() })
	b := newBench(t, reachFunc(func(Place) (target.Transport, error) { return way, nil }))
	o := b.run(Script, bash("echo never"))
	if o.State != Failed || !strings.Contains(o.Error, "127.0.0.1:1 refuses connections") {
		t.Errorf("%+v", o)
	}
}
