package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/trigger"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "M/events", Handle: a.events, Query: []string{"asCsv", "documentTypes", "eventCategories", "excludeDifference", "includeSystem", "regarding", "regardingAny", "skip", "spaces", "take", "user", "users"}, Summary: "The audit trail"},
		{Method: "GET", Pattern: "M/events/categories", Handle: a.eventCategories, Summary: "Categories of audit events"},
		{Method: "GET", Pattern: "M/events/documenttypes", Handle: a.eventDocumentTypes, Summary: "Types of documents that audit events are about"},
		{Method: "GET", Pattern: "M/events/{id}", Handle: a.event, Query: []string{"includeSystem"}, Summary: "One audit event"},
	}
})

// eventDocument is an audit event as the wire has it.
type eventDocument struct {
	ID                      string   `json:"Id"`
	RelatedDocumentIDs      []string `json:"RelatedDocumentIds"`
	Category                string
	UserID                  string `json:"UserId"`
	Username                string
	IsService               bool
	IdentityEstablishedWith string
	UserAgent               string
	Occurred                kind.Time
	Message                 string
	MessageHTML             string `json:"MessageHtml"`
	MessageReferences       []any
	Comments                string
	Details                 string
	ChangeDetails           changeDetails
	IPAddress               string  `json:"IpAddress"`
	SpaceID                 *string `json:"SpaceId"`
	Links                   map[string]string
}

// changeDetails says what a change changed.
type changeDetails struct {
	DocumentContext any
	Differences     []difference
}

// difference is one changed member in the manner of a JSON patch.
type difference struct {
	Operation string          `json:"operation"`
	Path      string          `json:"path"`
	Value     json.RawMessage `json:"value"`
	OldValue  json.RawMessage `json:"oldValue,omitempty"`
}

// EventDocument gives an audit event as clients know it.
func EventDocument(e *store.Event) any { return eventOf(e, true) }

func eventOf(e *store.Event, withDifference bool) eventDocument {
	id := fmt.Sprintf("Events-%d", e.ID)
	d := eventDocument{ID: id, Category: e.Category, UserID: e.Actor.UserID, Username: e.Actor.Username, IsService: e.Actor.IsService,
		IdentityEstablishedWith: e.Actor.Established, UserAgent: e.Actor.UserAgent, IPAddress: e.Actor.IP, Occurred: kind.Time{Time: e.Occurred},
		Message: e.Message, MessageHTML: html.EscapeString(e.Message), MessageReferences: []any{}, Comments: e.Comments,
		ChangeDetails: changeDetails{Differences: []difference{}}, Links: map[string]string{"Self": "/api/events/" + id}}
	d.RelatedDocumentIDs = []string{}
	for _, r := range append([]string{e.Document}, e.Related...) {
		if r != "" && !slices.Contains(d.RelatedDocumentIDs, r) {
			d.RelatedDocumentIDs = append(d.RelatedDocumentIDs, r)
		}
	}
	if e.Space != "" {
		d.SpaceID = &e.Space
	}
	if !withDifference {
		return d
	}
	for _, c := range e.Details {
		value := c.New
		if value == nil {
			value = json.RawMessage("null")
		}
		d.ChangeDetails.Differences = append(d.ChangeDetails.Differences, difference{"replace", "/" + c.Path, value, c.Old})
	}
	return d
}

// eventQuery reads the filters of the audit trail.
func (r *Request) eventQuery() (store.EventQuery, error) {
	q := store.EventQuery{Categories: r.List("eventCategories"), Regarding: r.List("regarding"), Any: r.List("regardingAny"), Kinds: r.List("documentTypes"), Users: r.List("users")}
	if u := r.Q("user"); u != "" {
		q.Users = append(q.Users, u)
	}
	for _, name := range []string{"projects", "environments", "tenants", "projectGroups"} {
		q.Groups = append(q.Groups, r.List(name))
	}
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if v := r.Q(name); v != "" {
			t, err := kind.ParseTime(v)
			if err != nil {
				return q, fault.New(fault.Invalid, "The query value %s: %s.", name, err)
			}
			*at = t.Time
		}
	}
	for name, at := range map[string]*int64{"fromAutoId": &q.FromID, "toAutoId": &q.ToID} {
		n, err := r.Int(name, 0)
		if err != nil {
			return q, err
		}
		*at = int64(n)
	}
	spaces := r.List("spaces")
	if r.Space != "" && !r.implicit {
		spaces = []string{r.Space}
	}
	return q, r.eventSpaces(&q, spaces)
}

// eventSpaces narrows the query to the spaces that were asked for and whose
// trail the caller may see.
func (r *Request) eventSpaces(q *store.EventQuery, wanted []string) error {
	system := r.Q("includeSystem") == "" && (r.Space == "" || r.implicit) || r.Bool("includeSystem")
	for _, s := range r.Rights.Spaces() {
		if len(wanted) > 0 && !slices.Contains(wanted, s) && !slices.Contains(wanted, "all") {
			continue
		}
		if r.unlimited("EventView", s) {
			q.Spaces = append(q.Spaces, s)
		}
	}
	if ok, err := r.May("EventView", At{System: true}); err != nil {
		return err
	} else if ok && system {
		q.Spaces = append(q.Spaces, "")
	}
	if len(q.Spaces) == 0 {
		return r.nothingThere("EventView", wanted)
	}
	return nil
}

// nothingThere refuses a list over spaces of which the caller may see none. It
// always fails: a query without a space would be one over all of them.
func (r *Request) nothingThere(permission string, wanted []string) error {
	at := At{System: r.Space == ""}
	if len(wanted) > 0 && wanted[0] != "all" {
		at = At{Space: wanted[0]}
	}
	if err := r.Need(permission, at); err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "You do not have permission to perform this action. Please contact your administrator. Missing permission: %s, without limits, in one of the spaces", permission)
}

func (a *API) events(r *Request) (any, error) {
	q, err := r.eventQuery()
	if err != nil {
		return nil, err
	}
	if q.Skip, q.Take, err = r.Paging(); err != nil {
		return nil, err
	}
	q.Take = min(q.Take, 10_000)
	var found []*store.Event
	var total int
	err = r.View(func(tx *store.Tx) (err error) {
		found, total, err = tx.Events(q)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.Bool("asCsv") {
		return Done{}, r.eventsAsCSV(found)
	}
	items := make([][]byte, len(found))
	for i, e := range found {
		if items[i], err = json.Marshal(eventOf(e, !r.Bool("excludeDifference"))); err != nil {
			return nil, fmt.Errorf("encoding an event: %w", err)
		}
	}
	return r.PageOf("Event", items, total, q.Skip, q.Take), nil
}

func (r *Request) eventsAsCSV(events []*store.Event) error {
	r.W.Header().Set("Content-Type", "text/csv; charset=utf-8")
	r.W.Header().Set("Content-Disposition", `attachment; filename="events.csv"`)
	r.written = true
	w := csv.NewWriter(r.W)
	if err := w.Write([]string{"Id", "Occurred", "Category", "Username", "Message", "Space", "IpAddress"}); err != nil {
		return fmt.Errorf("writing events: %w", err)
	}
	for _, e := range events {
		line := []string{fmt.Sprintf("Events-%d", e.ID), e.Occurred.Format("2006-01-02T15:04:05.000Z07:00"), e.Category, e.Actor.Username, e.Message, e.Space, e.Actor.IP}
		for i, cell := range line {
			// A spreadsheet must not take what people typed for a formula.
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") {
				line[i] = "'" + cell
			}
		}
		if err := w.Write(line); err != nil {
			return fmt.Errorf("writing events: %w", err)
		}
	}
	w.Flush()
	return w.Error()
}

func (a *API) event(r *Request) (any, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(strings.ToLower(r.Param("id")), "events-"), 10, 64)
	if err != nil {
		return nil, fault.New(fault.NotFound, "There is no event '%s'.", r.Param("id"))
	}
	q := store.EventQuery{FromID: n, ToID: n, Take: 1}
	if err := r.eventSpaces(&q, nil); err != nil {
		return nil, err
	}
	var found []*store.Event
	err = r.View(func(tx *store.Tx) (err error) {
		found, _, err = tx.Events(q)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "There is no event '%s'.", r.Param("id"))
	}
	return eventOf(found[0], true), nil
}

// named is an id with the name people see.
type named struct {
	ID   string `json:"Id"`
	Name string
}

// happenings are the categories that somebody may wait for before one of them
// has ever been in the trail; those of machines are in a group of their own.
var happenings = []string{
	"Created", "Modified", "Deleted",
	"DeploymentQueued", "DeploymentStarted", "DeploymentSucceeded", "DeploymentFailed",
	"RunbookRunQueued", "RunbookRunStarted", "RunbookRunSucceeded", "RunbookRunFailed",
	"ManualInterventionInterruptionRaised", "GuidedFailureInterruptionRaised",
	"InterruptionResponsibilityTaken", "InterruptionSubmitted", "AutoDeployBlocked", "TaskCanceled",
}

func (a *API) eventCategories(r *Request) (any, error) {
	all := slices.Concat(happenings, trigger.InGroup("Machine"))
	err := r.View(func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var c string
			if err := scan(&c); err != nil {
				return err
			}
			all = append(all, c)
			return nil
		}, "select distinct category from event")
	})
	slices.Sort(all)
	found := []named{}
	for _, c := range slices.Compact(all) {
		found = append(found, named{c, spaced(c)})
	}
	return found, err
}

func (a *API) eventDocumentTypes(*Request) (any, error) {
	found := []named{}
	for _, k := range kind.Registered() {
		found = append(found, named{k.Info().Plural, k.Info().Singular})
	}
	return found, nil
}

// spaced puts blanks between the words of a name such as DeploymentQueued.
func spaced(name string) string {
	var b strings.Builder
	for i, c := range name {
		if i > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte(' ')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
