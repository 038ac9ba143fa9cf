package step

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
)

// Artifact is a file that an action has produced and that is kept.
type Artifact struct {
	SpaceID string
	TaskID  string
	Path    string // of the action
	Target  string
	Name    string
	Place   string // the machine's name
	Blob    string // where the content lies
	Size    int64
	Created time.Time
}

// wanted is a file at the far end that the script wants kept.
type wanted struct {
	Name string
	Path string
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
	for len(r.in.state.Wanted) > 0 {
		w := r.in.state.Wanted[0]
		a, err := r.fetch(w)
		line := Line{Category: Verbose, Text: fmt.Sprintf("Kept %q as an artifact, %d bytes.", w.Name, a.Size)}
		switch {
		case r.alive.Err() != nil:
			return r.alive.Err()
		case err == nil:
			keep := r.job.Tools.Artifacts
			r.in.batch.Then = append(r.in.batch.Then, func(tx *store.Tx) error { return keep(tx, a) })
		case target.Temporary(err) || fault.CodeOf(err) != fault.Internal:
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

// fetch stores the content. Doing it again overwrites the same.
func (r *remote) fetch(w wanted) (Artifact, error) {
	a := Artifact{SpaceID: r.job.SpaceID, TaskID: r.job.TaskID, Path: r.job.Path, Target: r.job.Target, Name: w.Name, Place: r.job.Place.Name, Created: time.Now().UTC()}
	if r.job.Tools.Blob == nil || r.job.Tools.Artifacts == nil {
		return a, fault.New(fault.Unavailable, "This server has no place for artifacts.")
	}
	content, size, err := r.way.Get(r.alive, r.job.Ticket, w.Path)
	if err != nil {
		return a, err
	}
	defer content.Close()
	a.Blob = artifactBlob(r.job, w.Name)
	written, err := r.job.Tools.Blob.Put(r.alive, a.Blob, content, size)
	a.Size = written.Size
	return a, err
}

// artifactBlob names the content by what it is of. The name itself may hold
// anything, so it goes by its hash.
func artifactBlob(job *Job, name string) string {
	sum := sha256.Sum256([]byte(name))
	on := job.Target
	if on == "" {
		on = "server"
	}
	return strings.Join([]string{"artifacts", job.TaskID, job.Path, on, fmt.Sprint(job.Attempt), hex.EncodeToString(sum[:16])}, "/")
}
