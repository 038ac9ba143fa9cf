package parcel

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Ask says what Pack is to carry.
type Ask struct {
	Space    string   // name, slug or id
	Projects []string // likewise; none for the whole space
	Password secret.Text
	Version  string // of the program
	Packages bool   // list the packages too, for the caller to carry
	People   bool   // carry users, teams and what they may do in the space
}

// packing is one making of a parcel.
type packing struct {
	tx     *store.Tx
	space  *catalog.Space
	all    map[string]*found // what the space has of the kinds that are carried
	chosen map[string]bool
	named  map[string]Name
	// tagSets are ids by lower-case names, by which tags are named.
	tagSets map[string]string
}

// found is one resource of the space.
type found struct {
	Document
	data map[string]any
}

// Pack makes a parcel, and writes into the audit trail that it did.
func Pack(ctx context.Context, db *store.DB, ask Ask) (*Parcel, error) {
	if ask.People && len(ask.Projects) > 0 {
		return nil, fault.New(fault.Invalid, "People are exported with a whole space: leave the projects out, or the people.")
	}
	p := &Parcel{Form: 1, Version: ask.Version, Made: time.Now().UTC().Truncate(time.Second)}
	err := db.View(ctx, func(tx *store.Tx) error {
		space, err := catalog.Spaces.Find(tx, "", ask.Space)
		if err != nil {
			return err
		}
		p.Space, p.SpaceID = space.Name, space.ID
		w := &packing{tx: tx, space: space, all: map[string]*found{}, chosen: map[string]bool{}, named: map[string]Name{}, tagSets: map[string]string{}}
		if err := w.read(); err != nil {
			return err
		}
		if ask.People {
			p.Form = 3
			if err := w.readPeople(); err != nil {
				return err
			}
		}
		if p.Projects, err = w.choose(ask.Projects); err != nil {
			return err
		}
		if err := w.nameOthers(); err != nil {
			return err
		}
		for _, n := range w.named {
			p.Named = append(p.Named, n)
		}
		if p.Documents, err = w.documents(); err != nil || !ask.Packages {
			return err
		}
		p.Form = max(p.Form, 2)
		p.Packages, err = w.packages(len(ask.Projects) > 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(p.Named, func(a, b Name) int { return cmp.Compare(a.ID, b.ID) })
	if err := p.seal(db.Key, ask.Password); err != nil {
		return nil, err
	}
	return p, db.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(&store.Event{Space: p.SpaceID, Category: "Exported", Document: p.SpaceID, Message: p.what() + " was exported to a file, " + p.secrets()})
	})
}

// what says what the parcel holds.
func (p *Parcel) what() string {
	if len(p.Projects) == 0 {
		return fmt.Sprintf("All that space %s is set up with", p.Space)
	}
	return fmt.Sprintf("What belongs to %s of space %s", strings.Join(p.Projects, ", "), p.Space)
}

func (p *Parcel) secrets() string {
	if p.KeyID == "" {
		return "without secrets, of which there are none"
	}
	return "with secrets, under a password"
}

// read reads all that could be carried.
func (w *packing) read() error {
	for _, plural := range carried {
		if isPeople(plural) {
			continue
		}
		k, _ := kind.Lookup(plural)
		docs, err := w.tx.Find(store.Query{Table: k.Info().Table, Kind: plural, Where: []store.Where{{SQL: "space = ?", Args: []any{w.space.ID}}}})
		if err != nil {
			return err
		}
		for _, d := range docs {
			if catalog.IsSnapshot(d.ID) {
				continue
			}
			resource, err := k.GetAny(w.tx, d.ID)
			if err != nil {
				return err
			}
			data, err := members(resource)
			if err != nil {
				return err
			}
			if w.passing(plural, data) {
				continue
			}
			for _, name := range slices.Concat(everywhere, left[plural]) {
				delete(data, name)
			}
			if plural == "TagSets" {
				w.tagSets[strings.ToLower(d.Name)] = d.ID
			}
			w.all[d.ID] = &found{Document{Kind: plural, ID: d.ID, Owner: d.Owner}, data}
		}
	}
	return nil
}

// passing tells what is of one deployment, out of use, or in Git.
func (w *packing) passing(plural string, data map[string]any) bool {
	switch plural {
	case "VariableSets":
		return rank(kindOf(data["OwnerId"])) < 0
	case "Certificates":
		return data["Archived"] != nil
	case "Environments":
		return data["Type"] == catalog.EphemeralEnvironment
	case "DeploymentProcesses":
		owner, _ := data["ProjectId"].(string)
		project := w.all[owner]
		return project == nil || project.data["IsVersionControlled"] == true
	}
	return false
}

// kindOf gives the kind of a numbered id.
func kindOf(id any) string {
	text, _ := id.(string)
	plural, _, _ := strings.Cut(text, "-")
	return plural
}

// choose takes the projects, what belongs to them, and what they need.
func (w *packing) choose(projects []string) (names []string, err error) {
	if len(projects) == 0 {
		for id := range w.all {
			w.chosen[id] = true
		}
		return nil, nil
	}
	for _, what := range projects {
		project, err := catalog.Projects.Find(w.tx, w.space.ID, what)
		if err != nil {
			return nil, err
		}
		names = append(names, project.Name)
		w.chosen[project.ID] = true
	}
	for before := 0; before != len(w.chosen); {
		before = len(w.chosen)
		for id, f := range w.all {
			switch owner := w.ownerOf(f); {
			case w.chosen[id]:
				w.need(f)
			case owner != "":
				w.chosen[id] = w.chosen[owner]
			case f.Kind == "Tenants":
				connected, _ := f.data["ProjectEnvironments"].(map[string]any)
				for project := range connected {
					w.chosen[id] = w.chosen[id] || w.chosen[project]
				}
			}
			if !w.chosen[id] {
				delete(w.chosen, id)
			}
		}
	}
	for id := range w.chosen {
		w.narrow(w.all[id])
	}
	return names, nil
}

// ownerOf gives the document that a resource goes with.
func (w *packing) ownerOf(f *found) string {
	owner, _ := f.data[withOwner[f.Kind]].(string)
	return owner
}

// need chooses what a chosen resource names, but for other projects and what
// belongs to them.
func (w *packing) need(f *found) {
	mention(f.data, func(id string) {
		if set, _, isTag := strings.Cut(id, "/"); isTag {
			id = w.tagSets[strings.ToLower(set)]
		}
		other, ok := w.all[id]
		if ok && !slices.Contains(ofProject, other.Kind) {
			w.chosen[id] = true
		}
	})
}

// narrow leaves out of a tenant what is about projects that are not chosen.
func (w *packing) narrow(f *found) {
	switch f.Kind {
	case "Tenants":
		connected, _ := f.data["ProjectEnvironments"].(map[string]any)
		for project := range connected {
			if !w.chosen[project] {
				delete(connected, project)
			}
		}
	case "TenantVariables":
		values, _ := f.data["Values"].([]any)
		f.data["Values"] = slices.DeleteFunc(values, func(v any) bool {
			value, _ := v.(map[string]any)
			owner, _ := value["OwnerId"].(string)
			return !w.chosen[owner]
		})
	}
}

// nameOthers notes the names of what chosen resources mention and is not
// carried.
func (w *packing) nameOthers() error {
	var open []string
	seen := map[string]bool{w.space.ID: true}
	look := func(id string) {
		if !seen[id] && !w.chosen[id] && idForm().MatchString(id) {
			open = append(open, id)
		}
		seen[id] = true
	}
	for id := range w.chosen {
		mention(w.all[id].data, look)
	}
	for len(open) > 0 {
		id := open[0]
		open = open[1:]
		if f := w.all[id]; f != nil {
			w.named[id] = Name{id, f.Kind, nameOf(f.data), f.Owner}
			look(f.Owner)
			continue
		}
		places, err := w.tx.Lock([]string{id})
		if err != nil {
			return err
		}
		if p, ok := places[id]; ok && (p.Space == "" || p.Space == w.space.ID) {
			w.named[id] = Name{ID: id, Kind: p.Kind, Name: p.Name}
		}
	}
	return nil
}

func (w *packing) documents() ([]Document, error) {
	var list []Document
	for id := range w.chosen {
		f := w.all[id]
		data, err := json.Marshal(f.data)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", id, err)
		}
		f.Data = data
		list = append(list, f.Document)
	}
	slices.SortFunc(list, func(a, b Document) int {
		return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// seal moves the secrets from the installation's key to that of the password.
func (p *Parcel) seal(from *secret.Key, password secret.Text) error {
	count, lost := 0, []string{}
	for _, d := range p.Documents {
		good, bad := kind.CountSealed(from, string(d.Data))
		count += good
		if bad > 0 {
			lost = append(lost, fmt.Sprintf("%s has %d secrets that the master key does not open.", d.ID, bad))
		}
	}
	switch {
	case len(lost) > 0:
		return &fault.Error{Code: fault.Conflict, Message: "Not all secrets can be exported: enter them again first.", Details: lost}
	case count == 0 && p.Form < 3:
		return nil
	case password == "" && count == 0:
		return fault.New(fault.Invalid, "Whoever could change the export could make themselves an administrator with it: give a password (--password, or TAKO_EXPORT_PASSWORD).")
	case password == "":
		return fault.New(fault.Invalid, "The export would hold %d secrets: give a password for them (--password, or TAKO_EXPORT_PASSWORD).", count)
	case len(password.Reveal()) < shortest:
		return fault.New(fault.Invalid, "The password has %d characters: whoever has the file can try passwords as long as they like, so give one of at least %d.", len(password.Reveal()), shortest)
	}
	p.Salt = secret.NewSalt()
	key, err := secret.KeyOf(password, p.Salt)
	if err != nil {
		return err
	}
	p.KeyID = key.ID()
	both := key.WithPrevious(from)
	for i := range p.Documents {
		sealed, _, _ := kind.Reseal(both, string(p.Documents[i].Data))
		v, err := tree([]byte(sealed))
		if err != nil {
			return err
		}
		unmark(v)
		if p.Documents[i].Data, err = json.Marshal(v); err != nil {
			return fmt.Errorf("writing %s: %w", p.Documents[i].ID, err)
		}
	}
	p.Whole, err = p.whole(key)
	return err
}

// shortest is how long a password must be.
const shortest = 12

// unmark takes the fingerprints of secrets out, which are of the installation's
// key.
func unmark(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			unmark(e)
		}
	case map[string]any:
		if _, is := v["HasValue"].(bool); is {
			delete(v, "Mark")
		}
		for _, e := range v {
			unmark(e)
		}
	}
}
