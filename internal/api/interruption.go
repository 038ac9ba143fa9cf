package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	interruption := catalog.Interruptions.Info()
	frozen := func(*Request) (any, error) {
		return nil, fault.New(fault.Invalid, "Interruptions are raised by tasks; they are answered, and neither made, changed nor deleted.")
	}
	return []Route{
		{Method: "GET", Pattern: "M/interruptions", Handle: a.interruptions, Query: []string{"ids", "pendingOnly", "regarding", "skip", "take"}, Summary: "What tasks wait for people to decide", Answer: interruption},
		{Method: "GET", Pattern: "M/interruptions/{id}", Handle: a.interruptionGet, Summary: "Get an interruption", Answer: interruption},
		{Method: "POST", Pattern: "M/interruptions/{id}/submit", Handle: a.submitInterruption, Summary: "Answer an interruption", Answer: interruption},
		{Method: "GET", Pattern: "M/interruptions/{id}/responsible", Handle: a.responsible, Summary: "Who has taken responsibility"},
		{Method: "PUT", Pattern: "M/interruptions/{id}/responsible", Handle: a.takeResponsibility, Summary: "Take responsibility"},
		{Method: "POST", Pattern: "S/interruptions", Handle: frozen, Summary: "Refused: tasks ask, and people submit answers"},
		{Method: "PUT", Pattern: "S/interruptions/{id}", Handle: frozen, Summary: "Refused: tasks ask, and people submit answers"},
		{Method: "DELETE", Pattern: "S/interruptions/{id}", Handle: frozen, Summary: "Refused: tasks ask, and people submit answers"},
	}
})

// interruptionAt is where an interruption lies.
func interruptionAt(i *catalog.Interruption) At {
	at := At{Space: i.SpaceID, Project: i.ProjectID}
	if i.EnvironmentID != "" {
		at.Environments = []string{i.EnvironmentID}
	}
	if i.TenantID != "" {
		at.Tenants = []string{i.TenantID}
	}
	return at
}

// teamIDs are the teams that the caller is in.
func (a *API) teamIDs(r *Request) ([]string, error) {
	teams, err := a.teamsOf(r, r.Principal.UserID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(teams))
	for i, t := range teams {
		ids[i] = t.ID
	}
	return ids, nil
}

// mayAnswer says whether the caller may answer an interruption: with
// InterruptionSubmit whoever belongs to its teams, if it names any, and with
// InterruptionViewSubmitResponsible its teams.
func (r *Request) mayAnswer(i *catalog.Interruption, teams []string) (bool, error) {
	mine := deploy.Responsible(i, teams)
	ok, err := r.May("InterruptionSubmit", interruptionAt(i))
	if err != nil || ok && mine {
		return ok && mine, err
	}
	if !mine || len(i.ResponsibleTeamIDs) == 0 {
		return false, nil
	}
	return r.May("InterruptionViewSubmitResponsible", interruptionAt(i))
}

// maySee says whether the caller may see an interruption.
func (r *Request) maySee(i *catalog.Interruption, teams []string) (bool, error) {
	ok, err := r.May("InterruptionView", interruptionAt(i))
	if err != nil || ok {
		return ok, err
	}
	if len(i.ResponsibleTeamIDs) > 0 && deploy.Responsible(i, teams) {
		return r.May("InterruptionViewSubmitResponsible", interruptionAt(i))
	}
	return false, nil
}

// shown gives the wire form, with what depends on who asks.
func (r *Request) shown(tx *store.Tx, i *catalog.Interruption, teams []string) (Raw, error) {
	may, err := r.mayAnswer(i, teams)
	if err != nil {
		return nil, err
	}
	i.CanTakeResponsibility = may && i.IsPending && i.ResponsibleUserID == ""
	i.HasResponsibility = i.ResponsibleUserID != "" && i.ResponsibleUserID == r.Principal.UserID
	return catalog.Interruptions.Wire(tx, i)
}

func (a *API) interruptions(r *Request) (any, error) {
	teams, err := a.teamIDs(r)
	if err != nil {
		return nil, err
	}
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	q := kind.Query{Space: r.Space, AnySpace: r.Space == "", IDs: r.List("ids")}
	if r.Bool("pendingOnly") {
		q.Where = append(q.Where, store.Where{SQL: "cast(data ->> 'IsPending' as text) in ('true', '1')"})
	}
	if ids := r.List("regarding"); len(ids) > 0 {
		q.Where = append(q.Where, regarding(ids))
	}
	// Who may see them all, the ordinary case, is given one page of them.
	every := r.Space != "" && r.unlimited("InterruptionView", r.Space)
	if every {
		q.Skip, q.Take = skip, take
	}
	var items [][]byte
	total := 0
	err = r.View(func(tx *store.Tx) error {
		var all []*catalog.Interruption
		if all, total, err = catalog.Interruptions.List(tx, q); err != nil {
			return err
		}
		for _, i := range all {
			ok, err := r.maySee(i, teams)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			raw, err := r.shown(tx, i, teams)
			if err != nil {
				return err
			}
			items = append(items, raw)
		}
		return nil
	})
	if !every {
		total = len(items)
		items = items[min(skip, total):]
		if take > 0 {
			items = items[:min(take, len(items))]
		}
	}
	return r.PageOf("Interruption", items, total, skip, take), err
}

// regarding is the condition that an interruption is of a task, or about what
// the task is about.
func regarding(ids []string) store.Where {
	w := anyValue("data ->> 'TaskId'", ids)
	for _, id := range ids {
		if !strings.HasPrefix(id, "ServerTasks-") {
			w.SQL += " or cast(data ->> 'RelatedDocumentIds' as text) like ? escape '!'"
			w.Args = append(w.Args, "%\""+escapeLike(id)+"\"%")
		}
	}
	return w
}

// interruption finds the interruption of the path, if the caller may see it.
func (a *API) interruption(r *Request) (*catalog.Interruption, []string, error) {
	teams, err := a.teamIDs(r)
	if err != nil {
		return nil, nil, err
	}
	var i *catalog.Interruption
	err = r.View(func(tx *store.Tx) error {
		i, err = catalog.Interruptions.Get(tx, r.Param("id"))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if r.elsewhere(i.SpaceID) {
		return nil, nil, catalog.Interruptions.Missing(r.Param("id"))
	}
	ok, err := r.maySee(i, teams)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, r.Need("InterruptionView", interruptionAt(i))
	}
	return i, teams, nil
}

func (r *Request) show(i *catalog.Interruption, teams []string) (raw Raw, err error) {
	err = r.View(func(tx *store.Tx) error {
		raw, err = r.shown(tx, i, teams)
		return err
	})
	return raw, err
}

func (a *API) interruptionGet(r *Request) (any, error) {
	i, teams, err := a.interruption(r)
	if err != nil {
		return nil, err
	}
	return r.show(i, teams)
}

// answerable is interruption for who wants to answer it.
func (a *API) answerable(r *Request) (*catalog.Interruption, []string, error) {
	i, teams, err := a.interruption(r)
	if err != nil {
		return nil, nil, err
	}
	ok, err := r.mayAnswer(i, teams)
	if err != nil || ok {
		return i, teams, err
	}
	if err := r.Need("InterruptionSubmit", interruptionAt(i)); err != nil {
		return nil, nil, err
	}
	return nil, nil, fault.New(fault.Forbidden, "Only members of the responsible teams can answer this.")
}

func (a *API) submitInterruption(r *Request) (any, error) {
	i, teams, err := a.answerable(r)
	if err != nil {
		return nil, err
	}
	if i.IsPending && i.ResponsibleUserID == "" {
		return nil, fault.New(fault.Conflict, "Nobody has taken responsibility for this yet. Take it with PUT %s, then submit the answer.", i.Links["Responsible"])
	}
	var sent map[string]any
	if err := r.Read(&sent); err != nil {
		return nil, err
	}
	values := map[string]string{}
	for name, v := range sent {
		switch v := v.(type) {
		case nil:
		case string:
			values[name] = v
		default:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", name, err)
			}
			values[name] = string(text)
		}
	}
	if i, err = a.Deploy.Answer(r.Context(), deploy.Answered{ID: i.ID, Values: values, UserID: r.Principal.UserID, Teams: teams}); err != nil {
		return nil, err
	}
	return r.show(i, teams)
}

// userItem gives a user as the answer to who is responsible.
func (a *API) userItem(r *Request, id string) (any, error) {
	if id == "" {
		return nil, fault.New(fault.NotFound, "Nobody has taken responsibility yet.")
	}
	var raw Raw
	err := r.View(func(tx *store.Tx) error {
		u, err := catalog.Users.Get(tx, id)
		if err != nil {
			return err
		}
		raw, err = catalog.Users.Wire(tx, u)
		return err
	})
	return raw, err
}

func (a *API) responsible(r *Request) (any, error) {
	i, _, err := a.interruption(r)
	if err != nil {
		return nil, err
	}
	return a.userItem(r, i.ResponsibleUserID)
}

func (a *API) takeResponsibility(r *Request) (any, error) {
	i, teams, err := a.answerable(r)
	if err != nil {
		return nil, err
	}
	if i, err = a.Deploy.TakeResponsibility(r.Context(), deploy.Answered{ID: i.ID, UserID: r.Principal.UserID, Teams: teams}); err != nil {
		return nil, err
	}
	return a.userItem(r, i.ResponsibleUserID)
}
