package api

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "POST", Pattern: "S/packages/raw", Handle: a.pushPackage, Query: []string{"fileName", "overwriteMode", "replace"}, Summary: "Upload a package", Answer: packageDocument{}},
		{Method: "GET", Pattern: "S/packages", Handle: a.listPackages, Permission: "FeedView", Query: []string{"filter", "includeNotes", "latest", "nuGetPackageId", "packageId", "skip", "take"}, Summary: "List packages", Answer: pageOfAny{packageDocument{}}},
		{Method: "GET", Pattern: "S/packages/notes", Handle: a.packageNotes, Permission: "FeedView", Query: []string{"packageIds"}, Summary: "The release notes of packages"},
		{Method: "DELETE", Pattern: "S/packages/bulk", Handle: a.deletePackages, Query: []string{"force", "ids"}, Summary: "Delete packages"},
		{Method: "GET", Pattern: "S/packages/{id}", Handle: a.getPackage, Permission: "FeedView", Query: []string{"includeNotes"}, Summary: "Get a package", Answer: packageDocument{}},
		{Method: "GET", Pattern: "S/packages/{id}/raw", Handle: a.downloadPackage, Summary: "Download a package"},
		{Method: "DELETE", Pattern: "S/packages/{id}", Handle: a.deletePackage, Query: []string{"force"}, Summary: "Delete a package"},
	}
})

// feeds gives access to the feeds of all spaces.
func (a *API) feeds() *feed.Feeds {
	if a.Feeds != nil {
		return a.Feeds
	}
	return &feed.Feeds{DB: a.DB, Blobs: a.Blobs}
}

// packageDocument is a package as clients see it. Notes are left out where they
// are not asked for: the Go library reads them as a time, and fails.
type packageDocument struct {
	ID             string `json:"Id"`
	PackageID      string `json:"PackageId"`
	NuGetPackageID string `json:"NuGetPackageId"`
	FeedID         string `json:"FeedId"`
	NuGetFeedID    string `json:"NuGetFeedId"`
	Title          string
	Summary        string
	Version        string
	Description    string
	Published      kind.Time
	ReleaseNotes   string `json:"ReleaseNotes,omitempty"`
	FileExtension  string
	// Both names of the size are in use.
	PackageSizeBytes               int64
	SizeBytes                      int64
	Hash                           string
	PackageVersionBuildInformation *catalog.BuildInformation `json:"PackageVersionBuildInformation,omitempty"`
	Links                          map[string]string
}

func packageOf(space string, p *catalog.BuiltInPackage, notes bool) packageDocument {
	d := packageDocument{
		ID: feed.WireID(p.PackageID, p.Version), PackageID: p.PackageID, NuGetPackageID: p.PackageID,
		FeedID: catalog.BuiltInFeedID(space), NuGetFeedID: catalog.BuiltInFeedID(space),
		Title: p.Title, Summary: p.Summary, Version: p.Version, Description: p.Description, Published: p.Published,
		FileExtension: p.FileExtension, PackageSizeBytes: p.SizeBytes, SizeBytes: p.SizeBytes, Hash: p.Hash,
	}
	if notes {
		d.ReleaseNotes = p.ReleaseNotes
	}
	self := "/api/" + space + "/packages/" + d.ID
	d.Links = map[string]string{"Self": self, "Raw": self + "/raw", "Feed": "/api/" + space + "/feeds/" + d.FeedID}
	return d
}

// packageDocuments makes documents with what is known of their builds.
func (a *API) packageDocuments(r *Request, all []*catalog.BuiltInPackage, notes bool) ([]packageDocument, error) {
	docs := make([]packageDocument, len(all))
	err := r.View(func(tx *store.Tx) error {
		for i, p := range all {
			docs[i] = packageOf(r.Space, p, notes)
			b, err := catalog.FindBuildInformation(tx, r.Space, p.PackageID, p.Version)
			if err != nil {
				return err
			}
			docs[i].PackageVersionBuildInformation = b
		}
		return nil
	})
	return docs, err
}

// maxRest is how much of a refused upload is read to its end, so that clients
// which send everything first get to see the answer.
const maxRest = 256 << 20

// drain reads the rest of a request. What cannot be read now matters to nobody.
func (r *Request) drain() { _, _ = io.CopyN(io.Discard, r.Request.Body, maxRest) }

func (a *API) pushPackage(r *Request) (any, error) { return a.push(r, nil) }

// maker makes the package of what is uploaded; done frees what it needed.
type maker func(name string, content io.Reader, size int64) (made io.Reader, madeSize int64, done func(), err error)

// push takes an upload, of which make makes the package unless it is nil.
func (a *API) push(r *Request, make maker) (any, error) {
	mode, err := feed.ParseOverwrite(r.Q("overwriteMode"))
	if err != nil {
		return nil, err
	}
	if r.Q("overwriteMode") == "" && r.Bool("replace") {
		mode = feed.OverwriteExisting
	}
	// Somebody who may push nothing at all is turned away before the upload.
	if !r.Rights.Anywhere(access.BuiltInFeedPush, r.Space) {
		return nil, r.Need("BuiltInFeedPush", At{})
	}
	name, content, size, err := r.upload()
	if err != nil {
		return nil, err
	}
	if make != nil {
		var done func()
		if content, size, done, err = make(name, content, size); err != nil {
			r.drain()
			return nil, err
		}
		defer done()
	}
	p, outcome, err := a.feeds().BuiltIn().Push(r.Context(), feed.Upload{Space: r.Space, FileName: name, Content: content, Size: size, Mode: mode,
		Allow: func(packageID string, there bool) error {
			if there {
				return a.needPackage(r, "BuiltInFeedAdminister", packageID)
			}
			return a.needPackage(r, "BuiltInFeedPush", packageID)
		}})
	if err != nil || outcome == feed.Ignored {
		r.drain()
	}
	if err != nil {
		return nil, err
	}
	doc := packageOf(r.Space, p, true)
	if outcome == feed.Ignored {
		return doc, nil
	}
	r.W.Header().Set("Location", doc.Links["Self"])
	return Created(doc), nil
}

// upload finds the file in a request: the first file part of a form, or the
// whole body with the file's name in the query or in Content-Disposition.
func (r *Request) upload() (name string, content io.Reader, size int64, err error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "multipart/") {
		if name = r.Q("fileName"); name == "" {
			_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Disposition"))
			name = params["filename"]
		}
		if name == "" {
			return "", nil, 0, fault.New(fault.Invalid, "An upload is multipart/form-data with one file part, or the file itself with its name in the query as fileName.")
		}
		return name, r.Request.Body, r.ContentLength, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, 0, fault.Wrap(fault.Invalid, err, "The upload's form cannot be read")
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return "", nil, 0, fault.New(fault.Invalid, "The upload has no file part.")
		}
		if err != nil {
			return "", nil, 0, fault.Wrap(fault.Invalid, err, "The upload broke off before its file")
		}
		if name := part.FileName(); name != "" {
			return name, part, -1, nil
		}
	}
}

// needPackage asks for a permission on a package. Somebody who has it for some
// projects only has it for the packages that those deploy.
func (a *API) needPackage(r *Request, permission, packageID string) error {
	need := r.Need(permission, At{})
	if need == nil || !r.Rights.Anywhere(access.Permission(permission), r.Space) {
		return need
	}
	using, err := a.projectsUsing(r, packageID)
	if err != nil {
		return err
	}
	for _, p := range using {
		if ok, err := r.May(permission, At{Project: p}); ok || err != nil {
			return err
		}
	}
	return need
}

// projectsUsing lists the projects whose processes take a package from the
// space's own feed.
func (a *API) projectsUsing(r *Request, packageID string) (projects []string, err error) {
	uses := func(steps []catalog.Step) bool {
		for i := range steps {
			for j := range steps[i].Actions {
				for _, p := range steps[i].Actions[j].Packages {
					if strings.EqualFold(p.PackageID, packageID) && p.FeedID == catalog.BuiltInFeedID(r.Space) {
						return true
					}
				}
			}
		}
		return false
	}
	err = r.View(func(tx *store.Tx) error {
		q := kind.Query{Space: r.Space, Where: []store.Where{{SQL: "owner = ''"}}}
		deployments, _, err := catalog.DeploymentProcesses.List(tx, q)
		if err != nil {
			return err
		}
		for _, p := range deployments {
			if uses(p.Steps) {
				projects = append(projects, p.ProjectID)
			}
		}
		runbooks, _, err := catalog.RunbookProcesses.List(tx, q)
		for _, p := range runbooks {
			if uses(p.Steps) {
				projects = append(projects, p.ProjectID)
			}
		}
		return err
	})
	return projects, err
}

func (a *API) listPackages(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := feed.Query{Space: r.Space, PackageID: r.Q("nuGetPackageId"), Filter: r.Q("filter"), Latest: r.Bool("latest"), Skip: skip, Take: take}
	if q.PackageID == "" {
		q.PackageID = r.Q("packageId")
	}
	all, total, err := a.feeds().BuiltIn().List(r.Context(), q)
	if err != nil {
		return nil, err
	}
	docs, err := a.packageDocuments(r, all, r.Bool("includeNotes"))
	if err != nil {
		return nil, err
	}
	return pageOf(r, "Package", docs, total, skip, take)
}

func (a *API) getPackage(r *Request) (any, error) {
	p, err := a.feeds().BuiltIn().ByWireID(r.Context(), r.Space, r.Param("id"))
	if err != nil {
		return nil, err
	}
	docs, err := a.packageDocuments(r, []*catalog.BuiltInPackage{p}, r.Bool("includeNotes"))
	if err != nil {
		return nil, err
	}
	return docs[0], nil
}

func (a *API) downloadPackage(r *Request) (any, error) {
	if !r.Rights.Anywhere(access.BuiltInFeedDownload, r.Space) {
		return nil, r.Need("BuiltInFeedDownload", At{})
	}
	own := a.feeds().BuiltIn()
	p, err := own.ByWireID(r.Context(), r.Space, r.Param("id"))
	if err != nil {
		return nil, err
	}
	if err := a.needPackage(r, "BuiltInFeedDownload", p.PackageID); err != nil {
		return nil, err
	}
	file, err := own.Open(r.Context(), p)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if r.Header.Get("Range") != "" && !a.sound.known(p.Hash, file.Info()) {
		if err := file.Whole(); err != nil {
			return nil, err
		}
		a.sound.note(p.Hash, file.Info())
	}
	h := r.W.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": p.PackageID + "." + p.Version + p.FileExtension}))
	h.Set("ETag", `"`+p.Hash+`"`)
	r.written = true
	http.ServeContent(r.W, r.Request, "", p.Published.Time, file)
	if err := file.Err(); err != nil {
		return nil, err
	}
	return Done{}, nil
}

func (a *API) deletePackage(r *Request) (any, error) {
	return nil, a.remove(r, []string{r.Param("id")})
}

func (a *API) deletePackages(r *Request) (any, error) {
	ids := r.List("ids")
	if len(ids) == 0 {
		return nil, fault.New(fault.Invalid, "The query value ids names no package.")
	}
	return nil, a.remove(r, ids)
}

// remove deletes packages, all of them or none. What releases use stays, unless
// the caller insists.
func (a *API) remove(r *Request, ids []string) error {
	if !r.Rights.Anywhere(access.BuiltInFeedAdminister, r.Space) {
		return r.Need("BuiltInFeedAdminister", At{})
	}
	own := a.feeds().BuiltIn()
	var gone []*catalog.BuiltInPackage
	for _, id := range ids {
		p, err := own.ByWireID(r.Context(), r.Space, id)
		if err != nil {
			return err
		}
		if err := a.needPackage(r, "BuiltInFeedAdminister", p.PackageID); err != nil {
			return err
		}
		gone = append(gone, p)
	}
	if !r.Bool("force") {
		if err := own.Unused(r.Context(), r.Space, gone...); err != nil {
			return err
		}
	}
	return own.Delete(r.Context(), gone...)
}

// notesResult is what is known of a package's release notes.
type notesResult struct {
	Succeeded     bool
	Notes         string
	FailureReason string
	Published     *kind.Time
}

// packageNotes gives the notes of several packages, named by their ids or as
// Id/Version.
func (a *API) packageNotes(r *Request) (any, error) {
	type item struct {
		PackageID string `json:"PackageId"`
		FeedID    string `json:"FeedId"`
		Version   string
		Notes     notesResult
	}
	own := a.feeds().BuiltIn()
	list := []item{}
	for _, id := range r.List("packageIds") {
		it := item{PackageID: id, FeedID: catalog.BuiltInFeedID(r.Space)}
		if name, version, ok := strings.Cut(id, "/"); ok {
			it.PackageID, it.Version = name, version
			id = feed.WireID(name, version)
		}
		p, err := own.ByWireID(r.Context(), r.Space, id)
		switch {
		case fault.Is(err, fault.NotFound):
			it.Notes.FailureReason = err.Error()
		case err != nil:
			return nil, fmt.Errorf("reading the notes of %s: %w", id, err)
		default:
			it.PackageID, it.Version = p.PackageID, p.Version
			it.Notes = notesResult{Succeeded: true, Notes: p.ReleaseNotes, Published: &p.Published}
		}
		list = append(list, it)
	}
	return map[string]any{"Packages": list}, nil
}
