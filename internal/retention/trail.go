package retention

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

const (
	trailDays   = 90   // for which the audit trail stays in the database
	archiveMost = 2000 // events of one file
)

// archived is an event as a line of the archive.
type archived struct {
	ID                      string `json:"Id"`
	Occurred                time.Time
	Category                string
	SpaceID                 string   `json:"SpaceId,omitempty"`
	DocumentID              string   `json:"DocumentId,omitempty"`
	RelatedDocumentIDs      []string `json:"RelatedDocumentIds,omitempty"`
	Message                 string
	Comments                string         `json:",omitempty"`
	Changes                 []store.Change `json:",omitempty"`
	UserID                  string         `json:"UserId,omitempty"`
	Username                string
	IsService               bool   `json:",omitempty"`
	IdentityEstablishedWith string `json:",omitempty"`
	IPAddress               string `json:"IpAddress,omitempty"`
	UserAgent               string `json:",omitempty"`
}

// trail moves what is old of the audit trail into files with a line of JSON for
// each event, in whole days of UTC. A file is there for good before the events
// are gone, and what is in a file is known: whoever goes on after a crash writes
// the same file again, or goes on removing.
func (r *round) trail(ctx context.Context) error {
	if r.x.Task.SpaceID != "" {
		r.say(task.Info, "The audit trail is looked at by the task for all spaces.")
		return nil
	}
	before := r.now.AddDate(0, 0, -trailDays).Truncate(24 * time.Hour)
	moved, files := 0, 0
	for {
		n, err := r.removeArchived(ctx)
		if err != nil {
			return err
		}
		moved += n
		if n, err = r.archiveEvents(ctx, before); err != nil {
			return err
		}
		if n == 0 {
			break
		}
		files++
	}
	if moved > 0 {
		r.say(task.Highlight, "%s of the audit trail older than %d days moved into %s.", counted(moved, "event", "events"), trailDays, counted(files, "file", "files"))
		return nil
	}
	r.say(task.Info, "No events of the audit trail are older than %d days.", trailDays)
	return nil
}

// archiveEvents writes one file and gives how many events are in it.
func (r *round) archiveEvents(ctx context.Context, before time.Time) (n int, err error) {
	var events []*store.Event
	err = r.DB.View(ctx, func(tx *store.Tx) error {
		last, err := tx.ArchivedEvents()
		if err == nil {
			events, err = tx.EventsBefore(last, before, archiveMost)
		}
		return err
	})
	if err != nil || len(events) == 0 {
		return 0, err
	}
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, e := range events {
		a := archived{fmt.Sprint("Events-", e.ID), e.Occurred, e.Category, e.Space, e.Document, e.Related, e.Message, e.Comments, e.Details,
			e.Actor.UserID, e.Actor.Username, e.Actor.IsService, e.Actor.Established, e.Actor.IP, e.Actor.UserAgent}
		if err := lines.Encode(a); err != nil {
			return 0, fmt.Errorf("writing event %d: %w", e.ID, err)
		}
	}
	// The name is that of the first, so that a file that was written before a
	// crash is written again and not beside.
	name := fmt.Sprintf("%s%s-%d.jsonl", store.EventArchives, events[0].Occurred.Format(time.DateOnly), events[0].ID)
	if _, err := r.Blobs.Put(ctx, name, &text, int64(text.Len())); err != nil {
		return 0, err
	}
	return len(events), r.DB.Do(ctx, func(tx *store.Tx) error { return tx.SetArchivedEvents(events[len(events)-1].ID) })
}

// removeArchived removes the events that are in files.
func (r *round) removeArchived(ctx context.Context) (removed int, err error) {
	for {
		n := 0
		err := r.DB.Do(ctx, func(tx *store.Tx) error {
			last, err := tx.ArchivedEvents()
			if err == nil {
				n, err = tx.RemoveEvents(last, 10*batch)
			}
			return err
		})
		if err != nil || n == 0 {
			return removed, err
		}
		removed += n
		if err := r.rest(ctx); err != nil {
			return removed, err
		}
	}
}
