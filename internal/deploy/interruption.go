package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/plan"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// The elements of an interruption's form.
const (
	formInstructions = "Instructions"
	formNotes        = "Notes"
	formResult       = "Result"   // of a manual intervention
	formGuidance     = "Guidance" // of a guided failure
	formLinked       = "ApplyToLinkedInterruptions"
)

// Interrupt raises an interruption, once per correlation.
func (g *occasion) Interrupt(tx *store.Tx, t *task.Task, q run.Question) error {
	known, _, err := catalog.Interruptions.List(tx, kind.Query{Space: g.project.SpaceID, Match: map[string]string{"TaskId": t.ID}})
	if err != nil {
		return err
	}
	linked := false
	for _, i := range known {
		if i.CorrelationID == q.Correlation {
			return nil
		}
		linked = linked || i.IsPending && i.Type == q.Type && keyOf(i.CorrelationID).Path == q.Key.Path
	}
	i := &catalog.Interruption{
		Title: q.Title, Type: q.Type, IsPending: true, TaskID: t.ID, CorrelationID: q.Correlation,
		ResponsibleTeamIDs: q.TeamIDs, RelatedDocumentIDs: append([]string{g.id}, g.related()...),
		ProjectID: g.project.ID, EnvironmentID: g.environment.ID, TenantID: g.context.Tenant,
		IsLinkedToOtherInterruption: linked && q.Type == run.GuidedFailure, Form: form(&q),
	}
	i.SpaceID = g.project.SpaceID
	if err := catalog.Interruptions.Put(tx, i); err != nil {
		return err
	}
	where := q.Action
	if q.Target != "" {
		where += " on " + q.Target
	}
	return tx.Append(&store.Event{
		Space: i.SpaceID, Category: q.Type + "InterruptionRaised", Document: g.id, Related: append(g.related(), i.ID),
		Message: fmt.Sprintf("%s waits for somebody at %s", t.Description, where),
	})
}

// form is what people are shown and asked.
func form(q *run.Question) catalog.Form {
	f := catalog.Form{Values: map[string]string{}}
	if q.Instructions != "" {
		f.Elements = append(f.Elements, catalog.FormElement{Name: formInstructions, Control: catalog.FormControl{Type: "Paragraph", Text: q.Instructions, ResolveLinks: true}})
	}
	f.Elements = append(f.Elements, catalog.FormElement{Name: formNotes, Control: catalog.FormControl{Type: "TextArea", Label: "Notes"}})
	name := formResult
	if q.Type == run.GuidedFailure {
		name = formGuidance
	}
	f.Values[formNotes], f.Values[name] = "", ""
	if q.Type == run.GuidedFailure && q.Target != "" {
		f.Values[formLinked] = "False"
		f.Elements = append(f.Elements, catalog.FormElement{Name: formLinked, Control: catalog.FormControl{
			Type: "Checkbox", Text: "Decide the same for the other targets on which this action has failed"}})
	}
	group := catalog.FormControl{Type: "SubmitButtonGroup"}
	for _, choice := range q.Choices {
		text := choice
		if plan.Choice(choice) == plan.ChooseExclude {
			text = "Exclude machine from deployment"
		}
		group.Buttons = append(group.Buttons, catalog.FormButton{Text: text, Value: choice, RequiresConfirmation: choice == step.Abort || plan.Choice(choice) == plan.ChooseFail})
	}
	f.Elements = append(f.Elements, catalog.FormElement{Name: name, Control: group, IsValueRequired: true})
	return f
}

// Answered is what somebody submits to an interruption.
type Answered struct {
	ID     string
	Values map[string]string // by the names of the form's elements
	UserID string
	// Teams are the teams that the user is in.
	Teams []string
	// Override allows an answer by somebody who is in no responsible team.
	Override bool
}

// Responsible says whether a user may answer for an interruption: everybody
// may when it names no teams.
func Responsible(i *catalog.Interruption, teams []string) bool {
	return len(i.ResponsibleTeamIDs) == 0 || slices.ContainsFunc(i.ResponsibleTeamIDs, func(id string) bool { return slices.Contains(teams, id) })
}

// TakeResponsibility makes a user the one who answers an interruption.
func (s *Service) TakeResponsibility(ctx context.Context, a Answered) (*catalog.Interruption, error) {
	var i *catalog.Interruption
	err := s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if i, err = openInterruption(tx, a); err != nil || i.ResponsibleUserID == a.UserID {
			return err
		}
		i.ResponsibleUserID = a.UserID
		if err := catalog.Interruptions.Put(tx, i); err != nil {
			return err
		}
		return tx.Append(&store.Event{
			Space: i.SpaceID, Category: "InterruptionResponsibilityTaken", Document: i.ID, Related: append([]string{i.TaskID}, i.RelatedDocumentIDs...),
			Message: "Responsibility was taken for: " + i.Title,
		})
	})
	return i, err
}

// openInterruption reads an interruption that the user may still answer.
func openInterruption(tx *store.Tx, a Answered) (*catalog.Interruption, error) {
	i, err := catalog.Interruptions.Get(tx, a.ID)
	switch {
	case err != nil:
		return nil, err
	case !i.IsPending:
		return nil, fault.New(fault.Conflict, "This has been answered already.")
	case !Responsible(i, a.Teams) && !a.Override:
		return nil, fault.New(fault.Forbidden, "Only members of the responsible teams can answer this.")
	case i.ResponsibleUserID == "" || i.ResponsibleUserID == a.UserID:
		return i, nil
	}
	name := i.ResponsibleUserID
	if u, err := catalog.Users.Get(tx, name); err == nil {
		name = fmt.Sprintf("'%s' (%s)", u.Username, u.ID)
	} else if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return nil, fault.New(fault.Conflict, "User %s has taken responsibility for this, and nobody else can answer it.", name)
}

// Answer submits an interruption's form; its task goes on. Where the form says
// so, the same is decided for what the same action of the task has been asked
// on other targets.
func (s *Service) Answer(ctx context.Context, a Answered) (*catalog.Interruption, error) {
	var i *catalog.Interruption
	err := s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if i, err = openInterruption(tx, a); err != nil {
			return err
		}
		if err := s.answer(tx, i, a); err != nil || !strings.EqualFold(i.Form.Values[formLinked], "true") {
			return err
		}
		pending, err := catalog.PendingInterruptions(tx, i.SpaceID, i.TaskID)
		if err != nil {
			return err
		}
		for _, other := range pending {
			if other.Type != i.Type || keyOf(other.CorrelationID).Path != keyOf(i.CorrelationID).Path {
				continue
			}
			also := a
			also.ID = other.ID
			if other, err = openInterruption(tx, also); fault.Is(err, fault.Conflict) || fault.Is(err, fault.Forbidden) {
				continue // it is somebody else's to decide
			}
			if err != nil {
				return err
			}
			other.IsLinkedToOtherInterruption = true
			if err := s.answer(tx, other, also); err != nil {
				return err
			}
		}
		return nil
	})
	return i, err
}

// answer fills in one form and passes it on.
func (s *Service) answer(tx *store.Tx, i *catalog.Interruption, a Answered) error {
	choice, err := fillForm(&i.Form, a.Values)
	if err != nil {
		return err
	}
	i.IsPending, i.ResponsibleUserID = false, a.UserID
	if err := catalog.Interruptions.Put(tx, i); err != nil {
		return err
	}
	return s.tell(tx, i, choice, a)
}

// fillForm takes the values that were submitted and gives the choice.
func fillForm(f *catalog.Form, values map[string]string) (choice string, err error) {
	for name, value := range values {
		for _, e := range f.Elements {
			if strings.EqualFold(e.Name, name) && e.Control.Type != "Paragraph" {
				f.Values[e.Name] = value
			}
		}
	}
	for _, e := range f.Elements {
		if e.Control.Type != "SubmitButtonGroup" {
			continue
		}
		var offered []string
		for _, b := range e.Control.Buttons {
			offered = append(offered, b.Value)
			if strings.EqualFold(b.Value, f.Values[e.Name]) {
				f.Values[e.Name] = b.Value
				return b.Value, nil
			}
		}
		return "", fault.New(fault.Invalid, "%s is %q, which is not one of %s.", e.Name, f.Values[e.Name], strings.Join(offered, ", "))
	}
	return "", nil
}

// tell wakes the task that waits for the answer.
func (s *Service) tell(tx *store.Tx, i *catalog.Interruption, choice string, a Answered) error {
	data, err := json.Marshal(i.Form.Values)
	if err != nil {
		return fmt.Errorf("passing on the answer to %s: %w", i.ID, err)
	}
	e := task.Event{Kind: task.EventAnswer, Key: keyOf(i.CorrelationID), Ref: i.CorrelationID, At: s.now().UTC(), By: a.UserID, Text: choice, Data: data}
	if err := s.Queue.Signal(tx, i.TaskID, e); err != nil {
		return err
	}
	if t, err := task.GetTx(tx, i.TaskID); err == nil && t.Hold != task.Done {
		if _, err := tx.Exec("update task set pending = '' where id = $1 and not exists (select 1 from document where kind = 'Interruptions' and data ->> 'TaskId' = $1 and cast(data ->> 'IsPending' as text) in ('true', '1'))", i.TaskID); err != nil {
			return fmt.Errorf("noting the answer to %s: %w", i.ID, err)
		}
	}
	return tx.Append(&store.Event{
		Space: i.SpaceID, Category: "InterruptionSubmitted", Document: i.ID, Related: append([]string{i.TaskID}, i.RelatedDocumentIDs...),
		Message: fmt.Sprintf("%s was answered: %s", i.Title, choice), Comments: i.Form.Values[formNotes],
	})
}

// keyOf finds the record that an interruption is about in its correlation,
// which the engine makes as task/path@target#attempt.
func keyOf(correlation string) task.Key {
	_, text, _ := strings.Cut(strings.TrimRight(correlation, "+"), "/")
	path, rest, _ := strings.Cut(text, "@")
	cut := strings.LastIndexByte(rest, '#')
	if cut < 0 {
		return task.Key{Path: path}
	}
	attempt := 0
	if _, err := fmt.Sscanf(rest[cut+1:], "%d", &attempt); err != nil {
		return task.Key{Path: path, Target: rest[:cut]}
	}
	return task.Key{Path: path, Target: rest[:cut], Attempt: attempt}
}
