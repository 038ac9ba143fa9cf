// Package parcel carries projects, or all that a space is set up with, from one
// installation to another, whatever databases the two have: into one file of
// JSON that people can read, and out of it again.
//
// What belongs to a project is brought to the state of the file as often as the
// file is taken in. What projects share with others, such as environments and
// accounts, is found by its name, made if it is missing, and else left as it is.
// Packages of the space's own feed are listed in it and lie beside it. Users, teams and
// what they may do are carried on demand; history is not.
package parcel

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
)

// form is what this program reads. What has neither packages nor people is written in
// the first, and what has no people in the second, for programs that knew no more.
const form = 3

// Parcel is the content of the file.
type Parcel struct {
	Form     int
	Version  string // of the program that made it
	Made     time.Time
	Space    string   // the name of the space that it is from
	SpaceID  string   // its id there
	Projects []string `json:",omitempty"` // the names of those asked for; none for a whole space

	// Salt and KeyID are there where the parcel has secrets: of the password, and
	// of the key that it gives.
	Salt  []byte `json:",omitempty"`
	KeyID string `json:",omitempty"`
	// Whole is what that key makes of all the rest. A secret opens wherever it is
	// put, so who changes a file could have one arrive where they may read it.
	Whole string `json:",omitempty"`

	// Named are documents that others name and that are not carried.
	Named     []Name `json:",omitempty"`
	Documents []Document
	// Packages are those whose files were asked for, of all versions.
	Packages []Package `json:",omitempty"`
}

// Name says how what is not carried is found where the parcel arrives.
type Name struct {
	ID, Kind, Name string
	Owner          string `json:",omitempty"` // the document within which the name is unique
}

// Document is one resource, with the ids of where it is from.
type Document struct {
	Kind, ID string
	Owner    string `json:",omitempty"`
	System   bool   `json:",omitempty"` // of the whole installation, not of the space
	Data     json.RawMessage
}

// Write writes the file.
func (p *Parcel) Write(to io.Writer) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(p); err != nil {
		return fmt.Errorf("writing the export: %w", err)
	}
	return nil
}

// Read reads a file that Write wrote.
func Read(from io.Reader) (*Parcel, error) {
	p := &Parcel{}
	d := json.NewDecoder(from)
	if err := d.Decode(p); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the file is no whole export of Tako")
	}
	if p.Form == 0 || p.SpaceID == "" {
		return nil, fault.New(fault.Invalid, "The file is no export of Tako: give one that 'tako admin export' wrote.")
	}
	if p.Form > form {
		return nil, fault.New(fault.Invalid, "The export was made by version %s in form %d, and this program knows forms up to %d: use a newer one.", p.Version, p.Form, form)
	}
	for _, d := range p.Documents {
		if rank(d.Kind) < 0 {
			return nil, fault.New(fault.Invalid, "The export holds %s, which is a %s: no such thing is carried.", d.ID, d.Kind)
		}
	}
	return p, p.sealedIfPeople()
}

// key gives the key that the parcel's secrets are sealed with.
func (p *Parcel) key(password secret.Text) (*secret.Key, error) {
	if p.KeyID == "" {
		return nil, nil
	}
	if password == "" {
		return nil, fault.New(fault.Invalid, "The export holds secrets: give the password that it was made with (--password, or TAKO_EXPORT_PASSWORD).")
	}
	key, err := secret.KeyOf(password, p.Salt)
	if err != nil {
		return nil, err
	}
	if key.ID() != p.KeyID {
		return nil, fault.New(fault.Invalid, "The password is not the one that the export was made with.")
	}
	whole, err := p.whole(key)
	if err != nil {
		return nil, err
	}
	if !secret.Equal(whole, p.Whole) {
		return nil, fault.New(fault.Invalid, "The export is not as it was made: somebody has changed the file, or it is of an earlier version. Make it again where it is from.")
	}
	return key, nil
}

// whole is the mark of all that the parcel says, however its file is laid out.
func (p *Parcel) whole(key *secret.Key) (string, error) {
	all := *p
	all.Whole, all.Documents = "", slices.Clone(p.Documents)
	for i := range all.Documents {
		v, err := tree(all.Documents[i].Data)
		if err != nil {
			return "", err
		}
		if all.Documents[i].Data, err = json.Marshal(v); err != nil {
			return "", fmt.Errorf("writing a resource: %w", err)
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("writing the export: %w", err)
	}
	return key.Fingerprint("export", string(text)), nil
}
