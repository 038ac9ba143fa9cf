package parcel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Arrival says how Take is to take a parcel in.
type Arrival struct {
	Space     string // name, slug or id; that of the same name unless given, which is made if need be
	Password  secret.Text
	Overwrite bool // bring also what projects share with others to the state of the file
	People    bool // make also the users and teams of the file that are missing here
	Trial     bool // only say what would be done
}

// Taken says what was done, each thing by its name.
type Taken struct {
	Space                string
	Made, Changed, Alike []string
	Left                 []string // what is there already and was left as it is
}

// errTrial ends a unit whose changes are not wanted.
var errTrial = errors.New("only a trial")

// taking is one taking in of a parcel.
type taking struct {
	tx     *store.Tx
	parcel *Parcel
	ask    Arrival
	space  string
	at     map[string]int    // documents of the parcel by id
	data   []map[string]any  // of the documents, secrets opened
	ids    map[string]string // from the ids of the parcel to those here
	made   map[string]bool   // ids of the parcel that were made now
	open   map[string]bool   // being made
	taken  Taken
}

// Take takes a parcel in, all of it or nothing.
func Take(ctx context.Context, db *store.DB, p *Parcel, ask Arrival) (taken Taken, err error) {
	key, err := p.key(ask.Password)
	if err != nil {
		return taken, err
	}
	err = db.Do(ctx, func(tx *store.Tx) error {
		if !ask.People {
			if p, err = p.without(); err != nil {
				return err
			}
		}
		t := &taking{tx: tx, parcel: p, ask: ask, at: map[string]int{}, ids: map[string]string{}, made: map[string]bool{}, open: map[string]bool{}}
		for i, d := range p.Documents {
			v, err := tree(d.Data)
			if err != nil {
				return err
			}
			m, ok := v.(map[string]any)
			if !ok {
				return fault.New(fault.Invalid, "%s in the export is no object.", d.ID)
			}
			if err := opened(m, key); err != nil {
				return fault.Wrap(fault.Invalid, err, "%s in the export cannot be read", d.ID)
			}
			t.at[d.ID], t.data = i, append(t.data, m)
		}
		if err := t.run(); err != nil {
			return err
		}
		taken = t.taken
		if ask.Trial {
			return errTrial
		}
		return nil
	})
	if errors.Is(err, errTrial) {
		err = nil
	}
	return taken, err
}

func (t *taking) run() error {
	if err := t.findSpace(); err != nil {
		return err
	}
	if err := t.findNamed(); err != nil {
		return err
	}
	if err := t.refuseOthers(); err != nil {
		return err
	}
	for i := range t.parcel.Documents {
		if err := t.make(i); err != nil {
			return err
		}
	}
	for i := range t.parcel.Documents {
		if err := t.bring(i); err != nil {
			return err
		}
	}
	if len(t.taken.Made)+len(t.taken.Changed) == 0 {
		return nil
	}
	return t.tx.Append(&store.Event{Space: t.space, Category: "Imported", Document: t.space,
		Message: fmt.Sprintf("%s, exported %s, was imported: %d made, %d changed", t.parcel.what(), t.parcel.Made.Format("2006-01-02 15:04"), len(t.taken.Made), len(t.taken.Changed))})
}

// make finds or makes a document, after those of the parcel that it names.
func (t *taking) make(i int) error {
	d, data := t.parcel.Documents[i], t.data[i]
	if t.ids[d.ID] != "" || t.open[d.ID] {
		return nil
	}
	t.open[d.ID] = true
	if t.withheld(d, data) {
		t.taken.Left = append(t.taken.Left, t.title(d, data))
		return nil
	}
	var failed error
	mention(data, func(id string) {
		if j, ok := t.at[id]; ok && failed == nil && rank(t.parcel.Documents[j].Kind) <= rank(d.Kind) {
			failed = t.make(j)
		}
	})
	if failed != nil {
		return failed
	}
	id, err := t.match(d, data)
	if err != nil {
		return err
	}
	if id == "" {
		if id, err = t.create(d, data); err != nil {
			return within(t.title(d, data), err)
		}
		t.made[d.ID] = true
		t.taken.Made = append(t.taken.Made, t.title(d, data))
	}
	t.ids[d.ID] = id
	if d.Kind == "TenantVariables" {
		return t.numberValues(id, t.made[d.ID], data)
	}
	return nil
}

func (t *taking) create(d Document, data map[string]any) (string, error) {
	k, _ := kind.Lookup(d.Kind)
	wanted := t.wanted(data)
	for _, name := range late[d.Kind] {
		delete(wanted, name)
	}
	withoutDefaults(wanted)
	if d.Kind == "ProjectTriggers" {
		wanted["IsDisabled"] = true // until somebody says that the other installation does it no more
	}
	body, err := json.Marshal(wanted)
	if err != nil {
		return "", fmt.Errorf("writing a resource: %w", err)
	}
	r, err := k.Decode(body)
	if err != nil {
		return "", err
	}
	b := kind.BaseOf(r)
	if b.SpaceID = t.space; d.System {
		b.SpaceID = ""
	}
	if !numbered().MatchString(d.ID) {
		b.ID = t.derived(d.ID)
	}
	if err := k.PutAny(t.tx, r); err != nil {
		return "", err
	}
	return b.ID, nil
}

// withoutDefaults takes out of what templates have as their defaults what can be
// an id: what it names may yet have to be made.
func withoutDefaults(wanted map[string]any) {
	templates, _ := wanted["Templates"].([]any)
	for _, one := range templates {
		t, _ := one.(map[string]any)
		if text, ok := t["DefaultValue"].(string); ok && numbered().MatchString(text) {
			delete(t, "DefaultValue")
		}
	}
}

// wanted is what a resource of the parcel is to be here.
func (t *taking) wanted(data map[string]any) map[string]any {
	m, _ := rewritten(data, t.here).(map[string]any)
	return m
}

// bring gives a document that is here the state that the parcel wants it in.
func (t *taking) bring(i int) error {
	d, data := t.parcel.Documents[i], t.data[i]
	if t.ids[d.ID] == "" {
		return nil // withheld
	}
	name, k := t.title(d, data), lookup(d.Kind)
	r, err := k.GetAny(t.tx, t.ids[d.ID])
	if err != nil {
		return err
	}
	before, err := t.plain(r)
	if err != nil {
		return err
	}
	wanted := t.wanted(data)
	if !t.mine(d, data) {
		if wanted = t.joined(d.Kind, wanted, before); wanted == nil {
			t.taken.Left = append(t.taken.Left, name)
			return nil
		}
	}
	delete(wanted, "Slug")
	if d.Kind == "ProjectTriggers" {
		delete(wanted, "IsDisabled")
	}
	if err := t.templateVersions(wanted); err != nil {
		return err
	}
	if err := apply(k, r, wanted); err != nil {
		return within(name, err)
	}
	after, err := t.plain(r)
	if err != nil {
		return err
	}
	if reflect.DeepEqual(before, after) {
		if !t.withMade(d, data) {
			t.taken.Alike = append(t.taken.Alike, name)
		}
		return nil
	}
	if err := k.PutAny(t.tx, r); err != nil {
		return within(name, err)
	}
	if !t.withMade(d, data) {
		t.taken.Changed = append(t.taken.Changed, name)
	}
	return nil
}

// title is how people know a document; one that goes with another, by that.
func (t *taking) title(d Document, data map[string]any) string {
	if data["Name"] == nil {
		owner, _ := data[withOwner[d.Kind]].(string)
		if at, ok := t.at[owner]; ok {
			return lookup(d.Kind).Info().Singular + " of " + t.title(t.parcel.Documents[at], t.data[at])
		}
	}
	return title(d.Kind, data, d.ID)
}

func lookup(plural string) kind.Any {
	k, _ := kind.Lookup(plural)
	return k
}

// apply reads what is wanted over a resource, as a client's PUT does.
func apply(k kind.Any, r any, wanted map[string]any) error {
	body, err := json.Marshal(wanted)
	if err != nil {
		return fmt.Errorf("writing a resource: %w", err)
	}
	was := catalog.PersistenceSettings{}
	project, isProject := r.(*catalog.Project)
	if isProject {
		was = project.PersistenceSettings
	}
	if err := k.Replace(body, r); err != nil {
		return err
	}
	if set, ok := r.(*catalog.VariableSet); ok {
		set.AsItIs()
	}
	if isProject && was.Type != catalog.InVersionControl && project.PersistenceSettings.Type == catalog.InVersionControl {
		project.Convert(project.PersistenceSettings)
	}
	return nil
}

// plain gives what two states of a resource are compared by.
func (t *taking) plain(r any) (map[string]any, error) {
	m, err := members(r)
	if err != nil {
		return nil, err
	}
	for _, name := range everywhere {
		delete(m, name)
	}
	if err := opened(m, t.tx.Key()); err != nil {
		return nil, err
	}
	bare(m)
	return m, nil
}

// mine reports that the parcel has the say over a document: it belongs to one of
// its projects, or was made now.
func (t *taking) mine(d Document, data map[string]any) bool {
	if d.System && !t.made[d.ID] {
		return false
	}
	if t.ask.Overwrite || t.made[d.ID] || slices.Contains(ofProject, d.Kind) {
		return true
	}
	owner, _ := data["OwnerId"].(string)
	return d.Kind == "VariableSets" && (kindOf(owner) == "Projects" || t.made[owner])
}

// withMade reports that a document was made now, or came with one that was.
func (t *taking) withMade(d Document, data map[string]any) bool {
	owner, _ := data[withOwner[d.Kind]].(string)
	return t.made[d.ID] || t.made[owner]
}

// templateVersions has steps that are made of a step template follow the number
// that its version has here.
func (t *taking) templateVersions(v any) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := t.templateVersions(e); err != nil {
				return err
			}
		}
	case map[string]any:
		if id, ok := v["Octopus.Action.Template.Id"].(string); ok {
			template, err := catalog.ActionTemplates.Get(t.tx, id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			if err == nil {
				v["Octopus.Action.Template.Version"] = fmt.Sprint(template.Version)
			}
		}
		for _, e := range v {
			if err := t.templateVersions(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// within says what an error that somebody can mend is about.
func within(what string, err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("importing %s: %w", what, err)
	}
	return &fault.Error{Code: e.Code, Message: fmt.Sprintf("%s cannot be imported: %s", what, e.Message), Details: e.Details, Cause: e.Cause}
}
