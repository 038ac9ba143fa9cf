package store

import (
	"fmt"
	"slices"
	"time"
)

// EventArchives is where among the files the older part of the audit trail lies:
// the names of the files begin with it.
const EventArchives = "event-archives/"

// archivedEvents is the setting that says up to which event the trail is in the
// archive.
const archivedEvents = "archived-events"

// ArchivedEvents gives the last event that is in the archive for good.
func (t *Tx) ArchivedEvents() (last int64, err error) {
	text, err := t.Setting(archivedEvents)
	if err != nil || text == "" {
		return 0, err
	}
	if _, err := fmt.Sscan(text, &last); err != nil {
		return 0, fmt.Errorf("reading the setting %s: %w", archivedEvents, err)
	}
	return last, nil
}

// SetArchivedEvents says up to which event the trail is in the archive.
func (t *Tx) SetArchivedEvents(last int64) error {
	return t.SetSetting(archivedEvents, fmt.Sprint(last))
}

// EventsBefore reads the events that follow one, the oldest first, up to the
// first that is not older than a moment. The newest of all is never among them:
// who numbers events must find it.
func (t *Tx) EventsBefore(after int64, before time.Time, take int) ([]*Event, error) {
	list, err := t.readEvents("where id > $1 and id < (select max(id) from event) order by id limit $2", after, take)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(list, func(e *Event) bool { return !e.Occurred.Before(before) }); at >= 0 {
		list = list[:at]
	}
	return list, nil
}

// RemoveEvents removes the oldest events up to one, a number at a time, and gives
// how many those were.
func (t *Tx) RemoveEvents(last int64, take int) (int, error) {
	list, err := t.readEvents("where id <= $1 order by id limit $2", last, take)
	if err != nil {
		return 0, err
	}
	for _, e := range list {
		for _, id := range e.Related {
			if _, err := t.Exec("delete from event_related where document = $1 and event = $2", id, e.ID); err != nil {
				return 0, fmt.Errorf("removing what event %d is about: %w", e.ID, err)
			}
		}
		if _, err := t.Exec("delete from event where id = $1", e.ID); err != nil {
			return 0, fmt.Errorf("removing event %d: %w", e.ID, err)
		}
	}
	return len(list), nil
}

// readEvents reads events; rest is what follows "from event".
func (t *Tx) readEvents(rest string, args ...any) (events []*Event, err error) {
	err = t.Query(func(scan func(...any) error) error {
		var e Event
		var occurred int64
		var text string
		if err := scan(&e.ID, &e.Space, &e.Category, &e.Document, &e.Actor.UserID, &e.Actor.Username, &occurred, &text); err != nil {
			return err
		}
		events = append(events, &e)
		return e.decode(occurred, text)
	}, "select id, space, category, document, user_id, username, occurred, data from event "+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	return events, nil
}
