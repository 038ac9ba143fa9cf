package api

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	var all []Route
	for _, at := range []string{"events/archives", "archivedeventfiles"} { // the second for one client
		all = append(all,
			Route{Method: "GET", Pattern: at, Handle: a.eventArchives, Query: []string{"skip", "take"}, Summary: "Files with the older part of the audit trail, the newest first", Answer: pageOfAny{archivedFile{}}},
			Route{Method: "GET", Pattern: at + "/{name}", Handle: a.eventArchive, Summary: "One of these files: a line of JSON for each event"},
			Route{Method: "DELETE", Pattern: at + "/{name}", Handle: a.deleteEventArchive, Summary: "Delete one of these files"})
	}
	return all
})

// archivedFile is a file of the archive as the wire has it.
type archivedFile struct {
	ID           string `json:"Id"`
	FileName     string
	FileBytes    int64
	CreatedDate  kind.Time
	ModifiedDate kind.Time
	Links        map[string]string
}

func (a *API) eventArchives(r *Request) (any, error) {
	if err := r.Need("EventRetentionView", At{System: true}); err != nil {
		return nil, err
	}
	var all []archivedFile
	for info, err := range a.Blobs.List(r.Context(), store.EventArchives) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(info.Name, store.EventArchives)
		at := kind.Time{Time: info.Modified.UTC()}
		all = append(all, archivedFile{name, name, info.Size, at, at, map[string]string{"Self": "/api/events/archives/" + name}})
	}
	slices.SortFunc(all, func(x, y archivedFile) int { return strings.Compare(y.FileName, x.FileName) })
	return PageValues(r, "ArchivedEventFile", all)
}

// archiveNamed gives the name of a file among the files, for who has a permission.
func archiveNamed(r *Request, permission string) (string, error) {
	if err := r.Need(permission, At{System: true}); err != nil {
		return "", err
	}
	name := r.Param("name")
	if strings.ContainsAny(name, "/\\") || !strings.HasSuffix(name, ".jsonl") {
		return "", noArchive(name)
	}
	return store.EventArchives + name, nil
}

func noArchive(name string) error {
	return fault.New(fault.NotFound, "There is no archived file '%s' of the audit trail.", name)
}

func (a *API) eventArchive(r *Request) (any, error) {
	name, err := archiveNamed(r, "EventRetentionView")
	if err != nil {
		return nil, err
	}
	content, err := a.Blobs.Open(r.Context(), name)
	if fault.Is(err, fault.NotFound) {
		return nil, noArchive(r.Param("name"))
	}
	if err != nil {
		return nil, err
	}
	defer content.Close()
	h := r.W.Header()
	h.Set("Content-Type", "application/jsonl")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": r.Param("name")}))
	r.written = true
	http.ServeContent(r.W, r.Request, "", content.Info().Modified, content)
	return Done{}, nil
}

func (a *API) deleteEventArchive(r *Request) (any, error) {
	name, err := archiveNamed(r, "EventRetentionDelete")
	if err != nil {
		return nil, err
	}
	if _, err := a.Blobs.Stat(r.Context(), name); fault.Is(err, fault.NotFound) {
		return nil, noArchive(r.Param("name"))
	} else if err != nil {
		return nil, err
	}
	// The trail says who did it, whether or not the file outlives a crash.
	err = r.Do(func(tx *store.Tx) error {
		return tx.Append(&store.Event{Category: "Deleted", Document: "events", Message: "The archived file " + r.Param("name") + " of the audit trail was deleted"})
	})
	if err != nil {
		return nil, err
	}
	return nil, a.Blobs.Delete(r.Context(), name)
}
