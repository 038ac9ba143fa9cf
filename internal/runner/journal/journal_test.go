package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
)

// quiet is a log that keeps what it is told.
type quiet struct{ lines strings.Builder }

func (q *quiet) Printf(format string, args ...any)   { fmt.Fprintf(&q.lines, format+"\n", args...) }
func (q *quiet) Verbosef(format string, args ...any) { q.Printf(format, args...) }
func (q *quiet) Warnf(format string, args ...any)    { q.Printf("warning: "+format, args...) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

const set = "Environments-2/projects-161/Step-Package B/machines-65/<default>"

func TestJournalRoundTrip(t *testing.T) {
	j := Open(filepath.Join(t.TempDir(), "deep", "DeploymentJournal.xml"))
	if entries, err := j.Entries(); err != nil || len(entries) != 0 {
		t.Fatalf("an absent journal gives %v, %v", entries, err)
	}
	want := Entry{
		ID: "one", EnvironmentID: "Environments-2", ProjectID: "Projects-1", RetentionPolicySet: set,
		InstalledOn: noon, ExtractedTo: "/apps/Dev/A/1.0 & <b>", CustomInstallationDirectory: "/srv/a", Successful: true,
		Packages: []Package{{"A", "1.0", "/packages/a.zip"}, {"B", "2.0", ""}},
	}
	must(t, j.Add(want))
	must(t, j.Add(Entry{InstalledOn: noon.Add(time.Hour), RetentionPolicySet: strings.ToUpper(set)}))
	entries, err := j.Entries()
	must(t, err)
	if diff := cmp.Diff(want, entries[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if entries[1].ID == "" || entries[1].Successful {
		t.Errorf("the second entry is %+v", entries[1])
	}
	raw, err := os.ReadFile(j.path)
	must(t, err)
	for _, part := range []string{`InstalledOn="2026-03-10 12:00:00"`, `TenantId=""`, `WasSuccessful="True"`, `WasSuccessful="False"`, `PackageVersion="2.0"></Package>`} {
		if !strings.Contains(string(raw), part) {
			t.Errorf("the file lacks %s:\n%s", part, raw)
		}
	}
	last, found, err := j.Latest(set)
	must(t, err)
	if !found || last.ID != entries[1].ID {
		t.Errorf("the latest is %+v, %v", last, found)
	}
	if good, found, err := j.LatestSuccessful(set); err != nil || !found || good.ID != "one" {
		t.Errorf("the latest success is %+v, %v, %v", good, found, err)
	}
	if of, found, err := j.LatestOf(set, "a", "1.0"); err != nil || !found || of.ID != "one" {
		t.Errorf("the latest of the package is %+v, %v, %v", of, found, err)
	}
	if _, found, err := j.LatestOf(set, "a", "1.1"); err != nil || found {
		t.Errorf("another version was found: %v", err)
	}
	must(t, j.Remove([]string{"one"}))
	if entries, err := j.Entries(); err != nil || len(entries) != 1 {
		t.Errorf("after removal: %v, %v", entries, err)
	}
}

func TestJournalOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.xml")
	must(t, os.WriteFile(path, []byte("\ufeff"+`<Deployments>
  <Deployment Id="old" InstalledOn="2015-01-02 03.04.05" RetentionPolicySet="x" ExtractedTo="C:\A" PackageId="A" PackageVersion="1" ExtractedFrom="C:\a.nupkg" />
  <Deployment Id="new" InstalledOn="2020-01-02 03:04:05" RetentionPolicySet="x" ExtractedTo="" WasSuccessful="false"><Package PackageId="B" PackageVersion="2"/></Deployment>
</Deployments>`), 0o600))
	entries, err := Open(path).Entries()
	must(t, err)
	want := []Entry{
		{ID: "old", RetentionPolicySet: "x", ExtractedTo: `C:\A`, Successful: true, InstalledOn: time.Date(2015, 1, 2, 3, 4, 5, 0, time.UTC), Packages: []Package{{"A", "1", `C:\a.nupkg`}}},
		{ID: "new", RetentionPolicySet: "x", InstalledOn: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), Packages: []Package{{"B", "2", ""}}},
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"<Deployments", `<Deployments><Deployment Id="1" InstalledOn="yesterday"/></Deployments>`} {
		must(t, os.WriteFile(path, []byte(bad), 0o600))
		if _, err := Open(path).Entries(); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestJournalManyWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.xml")
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if err := Open(path).Add(Entry{ID: fmt.Sprint(i), InstalledOn: noon}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	entries, err := Open(path).Entries()
	must(t, err)
	if len(entries) != 20 {
		t.Errorf("%d entries of 20", len(entries))
	}
}

// deployed describes an entry of a retention case.
type deployed struct {
	id     string
	days   float64 // ago
	failed bool
	dir    string // its id unless given
	set    string
}

func TestClean(t *testing.T) {
	cases := []struct {
		name    string
		entries []deployed
		policy  Policy
		gone    []string
		dirs    []string // that are left
	}{
		{
			"by days", []deployed{{id: "a", days: 4}, {id: "b", days: 3}, {id: "c", days: 1}}, Policy{Days: 3},
			[]string{"a"}, []string{"b", "c"},
		},
		{
			"by days, one folder", []deployed{{id: "a", days: 4, dir: "same"}, {id: "b", days: 1, dir: "same"}}, Policy{Days: 3},
			[]string{"a"}, []string{"same"},
		},
		{
			"by releases", []deployed{{id: "a", days: 9}, {id: "b", days: 8}, {id: "c", days: 7, failed: true}, {id: "d", days: 6}, {id: "e", days: 5, failed: true}},
			Policy{Releases: 1}, []string{"e", "c", "a"}, []string{"b", "d"},
		},
		{
			"by releases, too few to spare", []deployed{{id: "a", days: 9, failed: true}, {id: "b", days: 8}}, Policy{Releases: 1},
			nil, []string{"a", "b"},
		},
		{
			"a failed one shares a folder", []deployed{{id: "a", days: 9}, {id: "b", days: 8, failed: true, dir: "c"}, {id: "c", days: 7}, {id: "d", days: 6}},
			Policy{Releases: 1}, []string{"b", "a"}, []string{"c", "d"},
		},
		{
			"days win", []deployed{{id: "a", days: 9}, {id: "b", days: 8}, {id: "c", days: 1}}, Policy{Days: 30, Releases: 1},
			nil, []string{"a", "b", "c"},
		},
		{
			"other series stay", []deployed{{id: "a", days: 9, set: "other"}, {id: "b", days: 9, set: strings.ToUpper(set)}, {id: "c", days: 9}}, Policy{Days: 3},
			[]string{"c"}, []string{"a", "b"},
		},
		{
			"missing and nameless folders", []deployed{{id: "a", days: 9, dir: "-missing"}, {id: "b", days: 9, dir: "-"}}, Policy{Days: 3},
			[]string{"a", "b"}, nil,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			j := Open(filepath.Join(root, "j.xml"))
			for _, d := range c.entries {
				must(t, j.Add(d.lay(t, root)))
			}
			gone, err := j.Clean(set, c.policy, noon, &quiet{})
			must(t, err)
			if diff := cmp.Diff(c.gone, gone); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			var dirs []string
			entries, err := os.ReadDir(root)
			must(t, err)
			for _, e := range entries {
				if e.IsDir() {
					dirs = append(dirs, e.Name())
				}
			}
			if diff := cmp.Diff(c.dirs, dirs); diff != "" {
				t.Errorf("folders (-want +got):\n%s", diff)
			}
			left, err := j.Entries()
			must(t, err)
			if len(left) != len(c.entries)-len(c.gone) {
				t.Errorf("%d entries are left", len(left))
			}
		})
	}
}

// lay makes an entry and its folder, with one inside that may not be written.
func (d deployed) lay(t *testing.T, root string) Entry {
	t.Helper()
	e := Entry{
		ID: d.id, RetentionPolicySet: set, Successful: !d.failed, Packages: []Package{{ID: "A", Version: "1"}},
		InstalledOn: noon.Add(-time.Duration(d.days * 24 * float64(time.Hour))),
	}
	if d.set != "" {
		e.RetentionPolicySet = d.set
	}
	if d.dir == "" {
		d.dir = d.id
	}
	if d.dir == "-" {
		return e
	}
	e.ExtractedTo = filepath.Join(root, d.dir)
	if strings.HasPrefix(d.dir, "-") {
		return e
	}
	inner := filepath.Join(e.ExtractedTo, "inner")
	if os.MkdirAll(inner, 0o755) == nil {
		must(t, os.WriteFile(filepath.Join(inner, "f-"+d.id), nil, 0o400))
	}
	return e
}

func TestCleanRefuses(t *testing.T) {
	j := Open(filepath.Join(t.TempDir(), "j.xml"))
	for _, c := range []struct {
		set string
		p   Policy
	}{{"", Policy{Days: 1}}, {set, Policy{}}, {set, Policy{Days: -1, Releases: -1}}} {
		if _, err := j.Clean(c.set, c.p, noon, &quiet{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v gives %v", c, err)
		}
	}
	must(t, j.Add(Entry{ID: "root", RetentionPolicySet: set, ExtractedTo: "/", InstalledOn: noon.Add(-99 * 24 * time.Hour)}))
	log := &quiet{}
	gone, err := j.Clean(set, Policy{Days: 1}, noon, log)
	if err != nil || len(gone) != 0 || !strings.Contains(log.lines.String(), "warning") {
		t.Errorf("%v, %v, %s", gone, err, log.lines.String())
	}
}

// laidCache is a cache of files with their uses, in order.
func laidCache(t *testing.T, uses ...string) *Cache {
	t.Helper()
	dir := t.TempDir()
	c := OpenCache(filepath.Join(dir, "PackageRetentionJournal.json"), filepath.Join(dir, "packages"))
	must(t, os.Mkdir(c.dir, 0o755))
	for i, use := range uses {
		id, version, _ := strings.Cut(use, " ")
		path := filepath.Join(c.dir, id+version)
		must(t, os.WriteFile(path, make([]byte, 100), 0o600))
		task := fmt.Sprint("task", i)
		must(t, c.Use(task, Cached{id, version, path}, 100, noon))
		must(t, c.Release(task, noon))
	}
	return c
}

func TestCacheClean(t *testing.T) {
	full := Disk{Free: 10_000, Total: 100_000}
	cases := []struct {
		name string
		uses []string
		p    CachePolicy
		disk Disk
		want []string
	}{
		{"enough space", []string{"A 1", "A 2"}, CachePolicy{}, Disk{Free: 30_000, Total: 100_000}, nil},
		{"all for space", []string{"A 1", "A 2"}, CachePolicy{}, full, []string{"A1", "A2"}},
		{"old versions first", []string{"B 1.0", "A 1.0", "A 2.0"}, CachePolicy{PercentFree: 10}, Disk{Free: 9_900, Total: 100_000}, []string{"A1.0", "B1.0"}},
		{"versions", []string{"A 1", "A 2", "A 3", "B 1"}, CachePolicy{Quantities: true, Packages: -1, Versions: 2}, full, []string{"A1"}},
		{"versions by use", []string{"A 1", "A 2", "A 3", "A 1"}, CachePolicy{Quantities: true, Packages: -1, Versions: 2}, full, []string{"A2"}},
		{"ids", []string{"A 1", "B 1", "C 1", "A 2"}, CachePolicy{Quantities: true, Packages: 2, Versions: 5}, full, []string{"B1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cache := laidCache(t, c.uses...)
			removed, err := cache.Clean(c.p, c.disk, noon, &quiet{})
			must(t, err)
			var names []string
			for _, p := range removed {
				names = append(names, filepath.Base(p))
			}
			if diff := cmp.Diff(c.want, names); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, p := range removed {
				if _, err := os.Stat(p); !os.IsNotExist(err) {
					t.Errorf("%s is still there", p)
				}
			}
			again, err := cache.Clean(CachePolicy{Quantities: true, Packages: -1, Versions: 99}, c.disk, noon, &quiet{})
			if err != nil || len(again) != 0 {
				t.Errorf("then %v, %v", again, err)
			}
		})
	}
}

func TestCacheLocks(t *testing.T) {
	c := laidCache(t, "A 1", "A 2")
	path := filepath.Join(c.dir, "A1")
	must(t, c.Use("running", Cached{"A", "1", path}, 100, noon))
	none := CachePolicy{Quantities: true, Packages: 0, Versions: 0}
	removed, err := c.Clean(none, Disk{}, noon, &quiet{})
	must(t, err)
	if diff := cmp.Diff([]string{filepath.Join(c.dir, "A2")}, removed); diff != "" {
		t.Errorf("while in use (-want +got):\n%s", diff)
	}
	removed, err = c.Clean(none, Disk{}, noon.Add(15*24*time.Hour), &quiet{})
	must(t, err)
	if diff := cmp.Diff([]string{path}, removed); diff != "" {
		t.Errorf("when the lock is stale (-want +got):\n%s", diff)
	}
}

func TestCacheAdoptsAndSurvives(t *testing.T) {
	c := laidCache(t, "A 1")
	stray := filepath.Join(c.dir, "stray.zip")
	must(t, os.WriteFile(stray, nil, 0o600))
	must(t, os.Chtimes(stray, noon.Add(-2*time.Hour), noon.Add(-2*time.Hour)))
	must(t, os.WriteFile(c.path, []byte("{broken"), 0o600))
	log := &quiet{}
	removed, err := c.Clean(CachePolicy{Quantities: true, Packages: 0}, Disk{}, noon, log)
	must(t, err)
	if diff := cmp.Diff([]string{stray}, removed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	aside := strings.TrimSuffix(c.path, ".json") + "_20260310T120000.json"
	if _, err := os.Stat(aside); err != nil || !strings.Contains(log.lines.String(), "warning") {
		t.Errorf("%v; log: %s", err, log.lines.String())
	}
}
