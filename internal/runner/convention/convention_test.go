package convention

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/journal"
	"github.com/takodeploy/tako/internal/runner/message"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// machine is a home that jobs run on one after the other.
type machine struct {
	t    *testing.T
	home string
	jobs int
}

func newMachine(t *testing.T) *machine {
	home := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(home, ".tako", "packages"), 0o755))
	return &machine{t: t, home: home}
}

// pack puts a package of files into the machine's cache.
func (m *machine) pack(id, version string, files map[string]string) runner.Package {
	m.t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, body := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o644)
		if strings.HasSuffix(name, ".bin") {
			h.SetMode(0o755)
		}
		out, err := w.CreateHeader(h)
		must(m.t, err)
		_, err = io.WriteString(out, body)
		must(m.t, err)
	}
	must(m.t, w.Close())
	return m.store(id, version, ".zip", b.Bytes())
}

func (m *machine) store(id, version, extension string, content []byte) runner.Package {
	m.t.Helper()
	sum := sha256.Sum256(content)
	p := runner.Package{ID: id, Version: version, Extension: extension, Hash: hex.EncodeToString(sum[:]), Size: int64(len(content))}
	name, err := p.FileName()
	must(m.t, err)
	must(m.t, os.WriteFile(filepath.Join(m.home, ".tako", "packages", name), content, 0o600))
	return p
}

// outcome is what a job left behind.
type outcome struct {
	code    int
	err     error
	out     string // lines that are no messages
	stderr  string
	outputs map[string]string
	env     *runner.Env
}

// run runs a command with variables over those that every deployment has.
func (m *machine) run(command runner.Command, vars map[string]string, packages ...runner.Package) outcome {
	m.t.Helper()
	m.jobs++
	work := filepath.Join(m.home, ".tako", "work", string(rune('a'+m.jobs)))
	must(m.t, os.MkdirAll(work, 0o700))
	all := map[string]string{
		"Octopus.Environment.Name": "Dev", "Octopus.Environment.Id": "Environments-1", "Octopus.Project.Id": "Projects-1",
		"Octopus.Action.Name": "Deploy", "Octopus.Machine.Name": "web01", "Octopus.Machine.Id": "Machines-1",
		"OctopusFreeDiskSpaceOverrideInMegaBytes": "1", "Octopus.Action.Script.SuppressEnvironmentLogging": "True",
	}
	for k, v := range vars {
		all[k] = v
	}
	var list []runner.Variable
	for k, v := range all {
		list = append(list, runner.Variable{Name: k, Value: v})
	}
	var stdout, stderr bytes.Buffer
	env := &runner.Env{
		Job: &runner.Job{Packages: packages, Variables: list}, Ticket: "t" + string(rune('a'+m.jobs)),
		Home: m.home, Root: filepath.Join(m.home, ".tako"), Work: work,
		Stdout: &stdout, Stderr: &stderr, Vars: runner.NewVariables(list),
		Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.home},
	}
	code, err := command.Run(context.Background(), env)
	env.Cleanup()
	o := outcome{code: code, err: err, stderr: stderr.String(), outputs: map[string]string{}, env: env}
	var p message.Parser
	for _, e := range append(p.Feed(message.Stdout, stdout.String()), p.Flush()...) {
		if e.Message == nil {
			o.out += e.Line + "\n"
		} else if v, ok := e.Message.Variable(); ok {
			o.outputs[v.Name] = v.Value
		}
	}
	return o
}

func (m *machine) journal() []journal.Entry {
	m.t.Helper()
	entries, err := journal.Open(filepath.Join(m.home, ".tako", "DeploymentJournal.xml")).Entries()
	must(m.t, err)
	return entries
}

// tree lists the files below a folder with their text.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(p)
		must(t, err)
		rel, err := filepath.Rel(dir, p)
		must(t, err)
		files[rel] = string(body)
		return nil
	}))
	return files
}

// said gives the lines of a log that begin with "> ".
func said(out string) []string {
	return slices.DeleteFunc(strings.Split(out, "\n"), func(l string) bool { return !strings.HasPrefix(l, "> ") })
}

func TestPackage(t *testing.T) {
	m := newMachine(t)
	custom := filepath.Join(m.home, "srv", "app")
	must(t, os.MkdirAll(filepath.Join(custom, "logs"), 0o755))
	for _, name := range []string{"stale.txt", "logs/keep.log", "logs/other.txt", "my.cfg"} {
		must(t, os.WriteFile(filepath.Join(custom, name), []byte("old"), 0o644))
	}
	say := func(stage string) string {
		return "echo '> packaged " + stage + " in '$(basename $PWD) $(get_octopusvariable Color) $(cat app.json | tr -d ' \\r\\n')\n"
	}
	pkg := m.pack("Acme.Web", "1.0.0", map[string]string{
		"PreDeploy.sh": "set_octopusvariable Color blue\n" + say("PreDeploy"), "predeploy.py": "raise Exception('not me')",
		"Deploy.sh": say("Deploy"), "PostDeploy.sh": say("PostDeploy"), "DeployFailed.sh": say("DeployFailed"),
		"app.json": `{"Color":"none"}`, "index.html": "#{Color} #{Octopus.Environment.Name}", "tool.bin": "x", "web.config": "<configuration><appSettings><add key='Color' value=''/></appSettings></configuration>",
		"web.Release.config": `<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"><appSettings><add key="New" value="n" xdt:Transform="Insert"/></appSettings></configuration>`,
	})
	other := m.pack("Tools", "3.0", map[string]string{"t.txt": "tool"})
	other.Name = "tools"
	o := m.run(Package, map[string]string{
		"Octopus.Action.EnabledFeatures":                                            "Octopus.Features.CustomScripts,Octopus.Features.SubstituteInFiles,Octopus.Features.JsonConfigurationVariables,Octopus.Features.ConfigurationTransforms,Octopus.Features.ConfigurationVariables",
		"Octopus.Action.CustomScripts.PreDeploy.sh":                                 "echo '> configured PreDeploy' #{Octopus.Environment.Name} $(cat \"$(get_octopusvariable 'Octopus.Action.Package[tools].ExtractedPath')/t.txt\") && ls app.json >/dev/null",
		"Octopus.Action.CustomScripts.Deploy.sh":                                    "echo '> configured Deploy' && ls index.html >/dev/null",
		"Octopus.Action.CustomScripts.PostDeploy.sh":                                "echo '> configured PostDeploy'",
		"Octopus.Action.SubstituteInFiles.TargetFiles":                              "*.html",
		"Octopus.Action.Package.JsonConfigurationVariablesTargets":                  "*.json",
		"Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles":   "True",
		"Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings": "True",
		"Octopus.Action.Package.CustomInstallationDirectory":                        "$HOME/srv/#{Folder}",
		"Folder": "app",
		"Octopus.Action.Package.CustomInstallationDirectoryShouldBePurgedBeforeDeployment": "True",
		"Octopus.Action.Package.CustomInstallationDirectoryPurgeExclusions":                "**/*.log\n*.cfg",
	}, pkg, other)
	if o.err != nil || o.code != 0 {
		t.Fatalf("%d, %v\n%s\n%s", o.code, o.err, o.out, o.stderr)
	}
	folder := filepath.Join(m.home, ".tako", "Applications", "Dev", "Acme.Web", "1.0.0")
	want := []string{
		"> configured PreDeploy Dev tool", `> packaged PreDeploy in 1.0.0 {"Color":"none"}`,
		`> packaged Deploy in app blue {"Color":"blue"}`, "> configured Deploy",
		`> packaged PostDeploy in app blue {"Color":"blue"}`, "> configured PostDeploy",
	}
	if diff := cmp.Diff(want, said(o.out)); diff != "" {
		t.Errorf("scripts (-want +got):\n%s", diff)
	}
	got := tree(t, custom)
	got["web.config"] = strings.Join(strings.Fields(got["web.config"]), " ")
	delete(got, "web.Release.config")
	wantFiles := map[string]string{
		"app.json": "{\r\n  \"Color\": \"blue\"\r\n}", "index.html": "blue Dev", "tool.bin": "x", "my.cfg": "old", "logs/keep.log": "old",
		"DeployFailed.sh": say("DeployFailed"),
		"web.config":      `<configuration><appSettings><add key="Color" value="blue" /><add key="New" value="n" /></appSettings></configuration>`,
	}
	if diff := cmp.Diff(wantFiles, got); diff != "" {
		t.Errorf("installed files (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(filepath.Join(custom, "tool.bin")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("tool.bin: %v, %v", info, err)
	}
	for name, value := range map[string]string{
		"Octopus.Action.Package.InstallationDirectoryPath": custom, "Package.InstallationDirectoryPath": custom,
		"Package.ExtractedFileCount": "10", "Package.CopiedFileCount": "8", "Color": "blue",
	} {
		if o.outputs[name] != value {
			t.Errorf("output %s is %q, want %q", name, o.outputs[name], value)
		}
	}
	e := m.journal()[0]
	if !e.Successful || e.ExtractedTo != folder || e.CustomInstallationDirectory != custom || len(e.Packages) != 2 || e.Packages[0].ID != "Acme.Web" ||
		e.RetentionPolicySet != "Environments-1/Projects-1/Step-Deploy/Machines-1/<default>" {
		t.Errorf("the journal says %+v", e)
	}
}

func TestPackageAgain(t *testing.T) {
	m := newMachine(t)
	one := m.pack("App", "1.0", map[string]string{
		"f": "1", "PreDeploy.sh": "echo '> before:' $(get_octopusvariable Octopus.Tentacle.PreviousInstallation.PackageVersion) $(get_octopusvariable Octopus.Tentacle.PreviousSuccessfulInstallation.OriginalInstalledPath)",
	})
	base := filepath.Join(m.home, ".tako", "Applications", "Dev", "App", "1.0")
	must(t, m.run(Package, nil, one).err)
	o := m.run(Package, nil, one)
	must(t, o.err)
	if diff := cmp.Diff([]string{"> before: 1.0 " + base}, said(o.out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := o.outputs["Octopus.Action.Package.InstallationDirectoryPath"]; got != base+"_1" {
		t.Errorf("installed to %s", got)
	}
	skip := map[string]string{"Octopus.Action.Package.SkipIfAlreadyInstalled": "True"}
	o = m.run(Package, skip, one)
	must(t, o.err)
	if got := o.outputs["Octopus.Action.Package.InstallationDirectoryPath"]; got != base+"_1" || len(said(o.out)) != 0 || len(m.journal()) != 2 {
		t.Errorf("a skipped deployment: %s, %q, %d entries", got, o.out, len(m.journal()))
	}
	must(t, os.RemoveAll(base+"_1"))
	o = m.run(Package, skip, one)
	must(t, o.err)
	if len(said(o.out)) != 1 || len(m.journal()) != 3 {
		t.Errorf("with its files gone: %q", o.out)
	}
	o = m.run(Package, map[string]string{"Octopus.Deployment.Tenant.Name": "A/B", "Octopus.Deployment.Tenant.Id": "Tenants-1"}, one)
	must(t, o.err)
	if got := o.outputs["Octopus.Action.Package.InstallationDirectoryPath"]; got != filepath.Join(m.home, ".tako", "Applications", "AB", "Dev", "App", "1.0") {
		t.Errorf("a tenant's package is in %s", got)
	}
	if said := said(o.out); len(said) != 1 || said[0] != "> before:" {
		t.Errorf("a tenant's previous deployment: %q", said)
	}
}

func TestPackageFails(t *testing.T) {
	m := newMachine(t)
	pkg := m.pack("App", "1.0", map[string]string{
		"Deploy.sh": "exit 7", "DeployFailed.sh": "echo '> failed in' $(basename $PWD)", "PostDeploy.sh": "echo '> never'",
	})
	o := m.run(Package, nil, pkg)
	if o.err == nil || o.code != 7 || !strings.Contains(o.err.Error(), "Deploy.sh") {
		t.Fatalf("%d, %v", o.code, o.err)
	}
	if diff := cmp.Diff([]string{"> failed in 1.0"}, said(o.out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if entries := m.journal(); len(entries) != 1 || entries[0].Successful {
		t.Errorf("the journal says %+v", entries)
	}
	o = m.run(Package, map[string]string{"Octopus.Action.Package.SkipIfAlreadyInstalled": "True"}, pkg)
	if o.code != 7 {
		t.Errorf("after a failure it ended with %d, %v", o.code, o.err)
	}
	o = m.run(Package, map[string]string{"Octopus.Action.Package.RunScripts": "False"}, pkg)
	if o.err != nil || o.code != 0 {
		t.Errorf("without scripts it ended with %d, %v", o.code, o.err)
	}
	loud := m.pack("App", "1.1", map[string]string{"Deploy.sh": "echo oops >&2"})
	if o = m.run(Package, nil, loud); o.err != nil || !strings.Contains(o.stderr, "oops") {
		t.Errorf("%v, %q", o.err, o.stderr)
	}
	if o = m.run(Package, map[string]string{"Octopus.Action.FailScriptOnErrorOutput": "True"}, loud); o.err == nil || o.code != 1 {
		t.Errorf("%d, %v", o.code, o.err)
	}
}

func TestPackageThatIsNone(t *testing.T) {
	m := newMachine(t)
	good := m.pack("App", "1.0", map[string]string{"f": strings.Repeat("text", 1000)})
	name, err := good.FileName()
	must(t, err)
	content, err := os.ReadFile(filepath.Join(m.home, ".tako", "packages", name))
	must(t, err)
	o := m.run(Package, nil, m.store("App", "1.0", ".zip", content[:len(content)-30]))
	if o.err == nil || o.code != 1 || !strings.HasPrefix(o.err.Error(), "The archive App 1.0 cannot be used: it is damaged") {
		t.Fatalf("%d, %v", o.code, o.err)
	}
	if files := tree(t, filepath.Join(m.home, ".tako", "Applications")); len(files) != 0 || len(m.journal()) != 0 {
		t.Errorf("left behind: %v, %v", files, m.journal())
	}
	if o := m.run(Package, nil); o.err == nil {
		t.Error("a job without a package ran")
	}
	if o := m.run(Package, map[string]string{"OctopusFreeDiskSpaceOverrideInMegaBytes": "999999999"}, good); o.err == nil || !strings.Contains(o.err.Error(), "free") {
		t.Errorf("on a full disk: %v", o.err)
	}
}

func TestPackageStops(t *testing.T) {
	m := newMachine(t)
	pkg := m.pack("App", "1.0", map[string]string{
		"PreDeploy.sh": "echo '> pre'; set_octopusvariable Octopus.Action.SkipRemainingConventions True", "Deploy.sh": "echo '> never'",
	})
	o := m.run(Package, nil, pkg)
	if diff := cmp.Diff([]string{"> pre"}, said(o.out)); diff != "" || o.err != nil {
		t.Errorf("%v (-want +got):\n%s", o.err, diff)
	}
	if entries := m.journal(); len(entries) != 1 || !entries[0].Successful {
		t.Errorf("the journal says %+v", entries)
	}
}

func TestCustomDirectoryRefusals(t *testing.T) {
	m := newMachine(t)
	pkg := m.pack("App", "1.0", map[string]string{"f": "x"})
	const purge = "Octopus.Action.Package.CustomInstallationDirectoryShouldBePurgedBeforeDeployment"
	must(t, os.WriteFile(filepath.Join(m.home, "precious"), nil, 0o600))
	for _, vars := range []map[string]string{
		{varCustomDirectory: "relative/path"},
		{varCustomDirectory: "#{Missing}"},
		{varCustomDirectory: "#{OctopusOriginalPackageDirectoryPath}/sub"},
		{varCustomDirectory: "/", purge: "True"},
		{varCustomDirectory: "~", purge: "True"},
		{varCustomDirectory: filepath.Join(m.home, ".tako", "Applications"), purge: "True"},
	} {
		if o := m.run(Package, vars, pkg); o.err == nil {
			t.Errorf("%v was accepted", vars)
		}
	}
	if _, err := os.Stat(filepath.Join(m.home, "precious")); err != nil {
		t.Error(err)
	}
}

func TestRetentionAfterSuccess(t *testing.T) {
	m := newMachine(t)
	keep := map[string]string{varKeepReleases: "1"}
	for _, version := range []string{"1.0", "2.0", "3.0"} {
		must(t, m.run(Package, keep, m.pack("App", version, map[string]string{"f": version})).err)
	}
	want := map[string]string{"2.0/f": "2.0", "3.0/f": "3.0"}
	if diff := cmp.Diff(want, tree(t, filepath.Join(m.home, ".tako", "Applications", "Dev", "App"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	set := m.journal()[0].RetentionPolicySet
	if o := m.run(Clean, map[string]string{varPolicySet: set}); o.err == nil {
		t.Error("a policy without a number was accepted")
	}
	if o := m.run(Clean, map[string]string{varPolicySet: set, varKeepDays: "1", "MachinePackageCacheRetentionStrategy": "Quantities", "MachinePackageCacheRetentionQuantityOfVersionsToKeep": "1"}); o.err != nil {
		t.Error(o.err)
	}
	left, err := os.ReadDir(filepath.Join(m.home, ".tako", "packages"))
	must(t, err)
	if len(left) != 1 || len(m.journal()) != 2 {
		t.Errorf("%d packages and %d entries are left", len(left), len(m.journal()))
	}
}

func TestTransfer(t *testing.T) {
	m := newMachine(t)
	pkg := m.pack("Acme.App", "1.2.3", map[string]string{"f": "x"})
	folder := filepath.Join(m.home, "drop", "here")
	for range 2 { // the second time over the first
		o := m.run(Transfer, map[string]string{"Octopus.Action.Package.TransferPath": "~/drop/#{Where}", "Where": "here"}, pkg)
		must(t, o.err)
		want := map[string]string{"Package.DirectoryPath": folder, "Package.FileName": "Acme.App.1.2.3.zip", "Package.FilePath": filepath.Join(folder, "Acme.App.1.2.3.zip")}
		if diff := cmp.Diff(want, o.outputs); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	content := tree(t, folder)["Acme.App.1.2.3.zip"]
	if sum := sha256.Sum256([]byte(content)); hex.EncodeToString(sum[:]) != pkg.Hash {
		t.Error("what arrived is not what was sent")
	}
	for _, path := range []string{"", "relative", "/x/#{Missing}"} {
		if o := m.run(Transfer, map[string]string{"Octopus.Action.Package.TransferPath": path}, pkg); o.err == nil || o.code == 0 {
			t.Errorf("transfer to %q: %d, %v", path, o.code, o.err)
		}
	}
}
