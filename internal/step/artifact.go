package step

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
)

// Artifact is a file that an action has produced and that is kept.
type Artifact struct {
	ID      string
	Job     *Job
	Name    string
	Created time.Time
}

// Artifacts keeps what is known of artifacts. Their content is a blob.
type Artifacts interface {
	// Reserve gives an id that no other artifact has.
	Reserve(ctx context.Context) (string, error)
	// Blob names the blob of an artifact's content.
	Blob(id string) string
	// Keep makes the document.
	Keep(tx *store.Tx, a Artifact) error
}

// wanted is a file at the far end that the script wants kept. It has an id
// before its content is fetched, so that fetching it again after a restart
// overwrites the same blob.
type wanted struct {
	Name string
	Path string
	ID   string `json:",omitempty"`
}

// rewrite gives files with other names and paths.
func rewrite(list []wanted, with func(string) (string, error)) ([]wanted, error) {
	var all []wanted
	for _, w := range list {
		var name, path error
		w.Name, name = with(w.Name)
		w.Path, path = with(w.Path)
		if err := errors.Join(name, path); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// want notes a file; a second one of the same name takes the first one's
// place.
func (in *intake) want(w wanted) {
	// What was committed must not change under those who hold it.
	list := slices.DeleteFunc(slices.Clone(in.state.Wanted), func(old wanted) bool { return old.Name == w.Name })
	in.state.Wanted, in.changed = append(list, w), true
}

// keepArtifacts fetches the files that the job wants kept, each with a commit
// of its own, so that a restart goes on with those that are left. One that
// cannot be fetched is a warning and no failure.
func (r *remote) keepArtifacts() error {
	if err := r.numberWanted(); err != nil {
		return err
	}
	for len(r.in.state.Wanted) > 0 {
		w := r.in.state.Wanted[0]
		size, err := r.fetch(w)
		line := Line{Category: Verbose, Text: fmt.Sprintf("Kept %q as an artifact, %d bytes.", w.Name, size)}
		switch {
		case r.alive.Err() != nil:
			return r.alive.Err()
		case err == nil:
			a, shelf := Artifact{ID: w.ID, Job: r.job, Name: r.job.masked(w.Name), Created: time.Now().UTC()}, r.job.Tools.Artifacts
			r.in.batch.Then = append(r.in.batch.Then, func(tx *store.Tx) error { return shelf.Keep(tx, a) })
		case !fault.Is(err, fault.Away) && (fault.Mendable(err) || target.Temporary(err)):
			line = Line{Category: Warning, Text: fmt.Sprintf("The artifact %q cannot be kept: %s", w.Name, plain(err))}
		default:
			return err
		}
		r.in.state.Wanted, r.in.changed = r.in.state.Wanted[1:], true
		r.in.batch.Lines = append(r.in.batch.Lines, line)
		if err := r.in.commit(); err != nil {
			return err
		}
	}
	return nil
}

// numberWanted gives each wanted file its id, and commits them.
func (r *remote) numberWanted() error {
	if r.job.Tools.Artifacts == nil {
		return nil
	}
	list := slices.Clone(r.in.state.Wanted)
	for i := range list {
		if list[i].ID != "" {
			continue
		}
		id, err := r.job.Tools.Artifacts.Reserve(r.alive)
		if err != nil {
			return fmt.Errorf("numbering an artifact: %w", err)
		}
		list[i].ID, r.in.changed = id, true
	}
	r.in.state.Wanted = list
	return r.in.commit()
}

// fetch stores the content.
func (r *remote) fetch(w wanted) (int64, error) {
	t := r.job.Tools
	if t.Blob == nil || t.Artifacts == nil {
		return 0, fault.New(fault.Unavailable, "This server has no place for artifacts.")
	}
	content, size, err := r.way.Get(r.alive, r.job.Ticket, w.Path)
	if err != nil {
		return 0, err
	}
	defer content.Close()
	written, err := t.Blob.Put(r.alive, t.Artifacts.Blob(w.ID), content, size)
	return written.Size, err
}

// artifactShelf keeps artifacts in the catalogue.
type artifactShelf struct{ db *store.DB }

// Reserve takes the next number.
func (s *artifactShelf) Reserve(ctx context.Context) (id string, err error) {
	err = s.db.Do(ctx, func(tx *store.Tx) error {
		n, err := tx.Next(catalog.Artifacts.Prefix)
		id = fmt.Sprintf("%s-%d", catalog.Artifacts.Prefix, n)
		return err
	})
	return id, err
}

// Blob is where the catalogue looks for the content.
func (s *artifactShelf) Blob(id string) string {
	a := &catalog.Artifact{}
	a.ID = id
	return a.Blob()
}

// Keep makes the document.
func (s *artifactShelf) Keep(tx *store.Tx, a Artifact) error {
	j := a.Job
	source := j.Place.Name
	if source == "" {
		source = "the server"
	}
	element := j.TaskID + "/" + j.Path
	if j.Target != "" {
		element += "@" + j.Target
	}
	doc := &catalog.Artifact{
		Filename: a.Name, Source: source, ServerTaskID: j.TaskID, Created: kind.Time{Time: a.Created}, LogCorrelationID: element,
		ProjectID: j.ProjectID, EnvironmentID: j.EnvironmentID, TenantID: j.TenantID,
	}
	doc.ID, doc.SpaceID = a.ID, j.SpaceID
	return catalog.Artifacts.Put(tx, doc)
}
