// Package journal remembers what was installed on a machine: which packages of
// which project went where and whether it went well. From that a deployment
// knows its predecessor, a step can be skipped as already done, and retention
// knows what may go. The file is the field's DeploymentJournal.xml, so that a
// machine can change hands without losing its memory.
package journal

import (
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Entry is one deployment of a step to the machine.
type Entry struct {
	ID                          string
	EnvironmentID               string
	TenantID                    string
	ProjectID                   string
	RetentionPolicySet          string // names the series that the entry belongs to
	InstalledOn                 time.Time
	ExtractedTo                 string
	CustomInstallationDirectory string
	Successful                  bool
	Packages                    []Package
}

// Package is a package that a deployment used.
type Package struct {
	ID           string
	Version      string
	DeployedFrom string // the package file; "" if it was never on the machine
}

// Journal is the journal in a file. Several processes may use it at once.
type Journal struct{ path string }

// Open names a journal's file; it and its folder need not exist yet.
func Open(path string) *Journal { return &Journal{path} }

// Entries lists all entries, oldest first.
func (j *Journal) Entries() ([]Entry, error) {
	unlock, err := lock(j.path)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return j.read()
}

// Add appends an entry; one without an ID is given one.
func (j *Journal) Add(e Entry) error {
	if e.ID == "" {
		e.ID = rand.Text()
	}
	return j.change(func(entries []Entry) []Entry { return append(entries, e) })
}

// Remove forgets the entries with the given ids.
func (j *Journal) Remove(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return j.change(func(entries []Entry) []Entry {
		return slices.DeleteFunc(entries, func(e Entry) bool { return slices.Contains(ids, e.ID) })
	})
}

// Latest finds the last entry of a series.
func (j *Journal) Latest(set string) (Entry, bool, error) {
	return j.latest(func(e Entry) bool { return strings.EqualFold(e.RetentionPolicySet, set) })
}

// LatestSuccessful finds the last entry of a series that went well.
func (j *Journal) LatestSuccessful(set string) (Entry, bool, error) {
	return j.latest(func(e Entry) bool { return e.Successful && strings.EqualFold(e.RetentionPolicySet, set) })
}

// LatestOf finds the last entry of a series that deployed a certain package.
func (j *Journal) LatestOf(set, packageID, version string) (Entry, bool, error) {
	return j.latest(func(e Entry) bool {
		return strings.EqualFold(e.RetentionPolicySet, set) && slices.ContainsFunc(e.Packages, func(p Package) bool {
			return strings.EqualFold(p.ID, packageID) && strings.EqualFold(p.Version, version)
		})
	})
}

// latest finds the newest entry that suits; of equally old ones the later.
func (j *Journal) latest(suits func(Entry) bool) (Entry, bool, error) {
	entries, err := j.Entries()
	if err != nil {
		return Entry{}, false, err
	}
	var last Entry
	found := false
	for _, e := range entries {
		if suits(e) && (!found || !e.InstalledOn.Before(last.InstalledOn)) {
			last, found = e, true
		}
	}
	return last, found, nil
}

// change rewrites the journal under its lock.
func (j *Journal) change(f func([]Entry) []Entry) error {
	unlock, err := lock(j.path)
	if err != nil {
		return err
	}
	defer unlock()
	entries, err := j.read()
	if err != nil {
		return err
	}
	return j.write(f(entries))
}

// lock takes the exclusive right to a file through another one beside it,
// since the file itself is replaced.
func lock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal's lock: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the journal: %w", err)
	}
	return func() { f.Close() }, nil
}

// replace puts new content in the place of a file in one step.
func replace(path string, content []byte) error {
	temp := path + ".temp-" + strings.ToLower(rand.Text()) + filepath.Ext(path)
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(temp))
	}
	return nil
}

// The elements as the file has them.
type xmlDeployments struct {
	XMLName     xml.Name        `xml:"Deployments"`
	Deployments []xmlDeployment `xml:"Deployment"`
}

type xmlDeployment struct {
	ID                          string `xml:"Id,attr"`
	EnvironmentID               string `xml:"EnvironmentId,attr"`
	TenantID                    string `xml:"TenantId,attr"`
	ProjectID                   string `xml:"ProjectId,attr"`
	InstalledOn                 string `xml:"InstalledOn,attr"`
	RetentionPolicySet          string `xml:"RetentionPolicySet,attr"`
	ExtractedTo                 string `xml:"ExtractedTo,attr"`
	CustomInstallationDirectory string `xml:"CustomInstallationDirectory,attr"`
	WasSuccessful               string `xml:"WasSuccessful,attr"`
	// Older journals name a single package on the deployment itself.
	PackageID      string       `xml:"PackageId,attr,omitempty"`
	PackageVersion string       `xml:"PackageVersion,attr,omitempty"`
	ExtractedFrom  string       `xml:"ExtractedFrom,attr,omitempty"`
	Packages       []xmlPackage `xml:"Package"`
}

type xmlPackage struct {
	ID           string `xml:"PackageId,attr"`
	Version      string `xml:"PackageVersion,attr"`
	DeployedFrom string `xml:"DeployedFrom,attr,omitempty"`
}

const dateLayout = "2006-01-02 15:04:05"

func (j *Journal) read() ([]Entry, error) {
	content, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var file xmlDeployments
	if err := xml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("the deployment journal %s cannot be read: %w", j.path, err)
	}
	entries := make([]Entry, 0, len(file.Deployments))
	for _, d := range file.Deployments {
		e, err := d.entry()
		if err != nil {
			return nil, fmt.Errorf("the deployment journal %s, entry %s: %w", j.path, d.ID, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (d xmlDeployment) entry() (Entry, error) {
	e := Entry{
		ID: d.ID, EnvironmentID: d.EnvironmentID, TenantID: d.TenantID, ProjectID: d.ProjectID,
		RetentionPolicySet: d.RetentionPolicySet, ExtractedTo: d.ExtractedTo,
		CustomInstallationDirectory: d.CustomInstallationDirectory,
		// Before outcomes were noted only successes were.
		Successful: !strings.EqualFold(strings.TrimSpace(d.WasSuccessful), "false"),
	}
	for _, p := range d.Packages {
		e.Packages = append(e.Packages, Package(p))
	}
	if len(d.Packages) == 0 && d.PackageID != "" {
		e.Packages = []Package{{d.PackageID, d.PackageVersion, d.ExtractedFrom}}
	}
	var err error
	if e.InstalledOn, err = time.Parse(dateLayout, d.InstalledOn); err != nil {
		// Some cultures write times with dots.
		if e.InstalledOn, err = time.Parse("2006-01-02 15.04.05", d.InstalledOn); err != nil {
			return e, fmt.Errorf("could not parse date from '%s'", d.InstalledOn)
		}
	}
	return e, nil
}

func (j *Journal) write(entries []Entry) error {
	var file xmlDeployments
	for _, e := range entries {
		d := xmlDeployment{
			ID: e.ID, EnvironmentID: e.EnvironmentID, TenantID: e.TenantID, ProjectID: e.ProjectID,
			InstalledOn: e.InstalledOn.UTC().Format(dateLayout), RetentionPolicySet: e.RetentionPolicySet,
			ExtractedTo: e.ExtractedTo, CustomInstallationDirectory: e.CustomInstallationDirectory,
			WasSuccessful: "True",
		}
		if !e.Successful {
			d.WasSuccessful = "False"
		}
		for _, p := range e.Packages {
			d.Packages = append(d.Packages, xmlPackage(p))
		}
		file.Deployments = append(file.Deployments, d)
	}
	content, err := xml.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the journal: %w", err)
	}
	return replace(j.path, append([]byte(xml.Header), append(content, '\n')...))
}
