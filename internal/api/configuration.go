package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "configuration"
	routes := []Route{
		{Method: "GET", Pattern: at, Handle: a.sections, Permission: configure, Query: []string{"skip", "take"}, Summary: "The sections of the server's settings"},
		{Method: "GET", Pattern: at + "/{section}", Handle: a.section, Permission: configure, Summary: "A section of the server's settings", Answer: sectionDocument{}},
		{Method: "GET", Pattern: at + "/{section}/values", Handle: a.sectionValues, Permission: configure, Summary: "The settings of a section"},
		{Method: "PUT", Pattern: at + "/{section}/values", Handle: a.changeSection, Permission: configure, Summary: "Change the settings of a section"},
		{Method: "GET", Pattern: at + "/{section}/metadata", Handle: a.sectionMetadata, Permission: configure, Summary: "What the settings of a section are"},
		{Method: "GET", Pattern: "smtpconfiguration/isconfigured", Handle: a.mailConfigured, Summary: "Whether the server can send mail", Answer: mailConfigured{}},
	}
	// Some sections are also found at places of their own.
	for path, id := range map[string]string{"serverconfiguration": "server", "serverconfiguration/settings": "server", "maintenanceconfiguration": "maintenance", "featuresconfiguration": "features", "smtpconfiguration": "smtp"} {
		s := findSection(id)
		view := configure
		if id == "features" {
			view = "" // everybody's pages ask what is switched on
		}
		routes = append(routes,
			Route{Method: "GET", Pattern: path, Permission: view, Summary: "The settings " + id, Handle: func(r *Request) (any, error) { return a.viewSection(r, s) }},
			Route{Method: "PUT", Pattern: path, Permission: configure, Summary: "Change the settings " + id, Handle: func(r *Request) (any, error) { return a.putSection(r, s) }})
	}
	return routes
})

// configure is the permission for settings of the server.
const configure = "ConfigureServer"

// section is a group of settings as clients see it.
type section struct {
	id, name, description string
	permission            access.Permission // asked for beside configure when it is changed
	view                  func(*store.Tx) (any, error)
	change                func(tx *store.Tx, body []byte) error
}

// sectionTable are the sections there are, in the order in which they are shown.
var sectionTable = []section{
	sectionOf(setting.Server, "Server", "The address by which people reach the server.", access.AdministerSystem),
	sectionOf(setting.Maintenance, "Maintenance", "Whether only administrators may change anything.", access.AdministerSystem),
	sectionOf(setting.Authentication, "Authentication", "How people sign in.", ""),
	sectionOf(setting.Features, "Features", "What is switched on.", ""),
	{id: "smtp", name: "SMTP", description: "How the server sends mail.", view: viewMail, change: changeMail},
	sectionOf(setting.Retention, "Retention policies", "When old releases, runs and files are removed.", ""),
	sectionOf(setting.Portal, "Web portal", "What browsers are told about security.", ""),
}

func findSection(id string) *section {
	for i := range sectionTable {
		if strings.EqualFold(sectionTable[i].id, id) {
			return &sectionTable[i]
		}
	}
	return nil
}

// sectionOf shows a section as it is stored.
func sectionOf[T any](s setting.Section[T], name, description string, permission access.Permission) section {
	return section{
		id: s.Name, name: name, description: description, permission: permission,
		view: func(tx *store.Tx) (any, error) { return s.Get(tx) },
		change: func(tx *store.Tx, body []byte) error {
			next, err := s.Get(tx)
			if err != nil {
				return err
			}
			if err := kind.Unmarshal(body, &next); err != nil {
				return err
			}
			if checked, ok := any(next).(interface{ Check(*fault.Complaints) }); ok {
				var wrong fault.Complaints
				if checked.Check(&wrong); len(wrong) > 0 {
					return wrong.Err()
				}
			}
			return s.Put(tx, next)
		},
	}
}

type sectionDocument struct {
	ID          string `json:"Id"`
	Name        string
	Description string
	Links       map[string]string
}

func (s *section) document() sectionDocument {
	self := "/api/configuration/" + s.id
	return sectionDocument{s.id, s.name, s.description, map[string]string{"Self": self, "Values": self + "/values", "Metadata": self + "/metadata"}}
}

func (a *API) sections(r *Request) (any, error) {
	docs := make([]sectionDocument, len(sectionTable))
	for i := range sectionTable {
		docs[i] = sectionTable[i].document()
	}
	return PageValues(r, "ConfigurationSection", docs)
}

// sectionOfPath finds the section that is asked for.
func (r *Request) section() (*section, error) {
	s := findSection(r.Param("section"))
	if s == nil {
		return nil, fault.New(fault.NotFound, "There are no settings called '%s'.", r.Param("section"))
	}
	return s, nil
}

func (a *API) section(r *Request) (any, error) {
	s, err := r.section()
	if err != nil {
		return nil, err
	}
	return s.document(), nil
}

func (a *API) sectionValues(r *Request) (any, error) {
	s, err := r.section()
	if err != nil {
		return nil, err
	}
	return a.viewSection(r, s)
}

func (a *API) viewSection(r *Request, s *section) (answer any, err error) {
	err = r.View(func(tx *store.Tx) error {
		v, err := s.view(tx)
		if err != nil {
			return err
		}
		answer, err = s.wire(v)
		return err
	})
	return answer, err
}

// wire is a section's values with what every resource has.
func (s *section) wire(values any) (any, error) {
	data, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("encoding the settings %s: %w", s.id, err)
	}
	own, err := json.Marshal(struct {
		ID    string `json:"Id"`
		Links map[string]string
	}{s.id, map[string]string{"Self": "/api/configuration/" + s.id + "/values"}})
	if err != nil {
		return nil, fmt.Errorf("encoding the settings %s: %w", s.id, err)
	}
	return Raw(append(append(own[:len(own)-1], ','), data[1:]...)), nil
}

func (a *API) changeSection(r *Request) (any, error) {
	s, err := r.section()
	if err != nil {
		return nil, err
	}
	return a.putSection(r, s)
}

func (a *API) putSection(r *Request, s *section) (answer any, err error) {
	if s.permission != "" {
		if err := r.Need(string(s.permission), At{System: true}); err != nil {
			return nil, err
		}
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	err = r.Do(func(tx *store.Tx) error {
		if err := s.change(tx, body); err != nil {
			return err
		}
		tx.After(a.live.Forget)
		v, err := s.view(tx)
		if err != nil {
			return err
		}
		answer, err = s.wire(v)
		return err
	})
	return answer, err
}

// metadata describes a form's members, one for each JSON member.
type metadata struct {
	Types []metadataType
}

type metadataType struct {
	Name       string
	Properties []metadataProperty
}

type metadataProperty struct {
	Name, Type string
}

// sectionMetadata tells forms that are made by programs what they ask for.
func (a *API) sectionMetadata(r *Request) (any, error) {
	s, err := r.section()
	if err != nil {
		return nil, err
	}
	m := metadata{}
	err = r.View(func(tx *store.Tx) error {
		v, err := s.view(tx)
		if err == nil {
			m.Types, err = describeForm(s.id, v)
		}
		return err
	})
	return m, err
}

func describeForm(name string, v any) ([]metadataType, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("describing the settings %s: %w", name, err)
	}
	var all []metadataType
	d := json.NewDecoder(strings.NewReader(string(data)))
	return all, describeObject(d, name, &all)
}

// describeObject reads an object member by member, in order.
func describeObject(d *json.Decoder, name string, all *[]metadataType) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("describing %s: %w", name, err)
	}
	at := len(*all)
	*all = append(*all, metadataType{Name: name, Properties: []metadataProperty{}})
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return fmt.Errorf("describing %s: %w", name, err)
		}
		member := key.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("describing %s: %w", name, err)
		}
		p := metadataProperty{member, "string"}
		switch value[0] {
		case 't', 'f':
			p.Type = "bool"
		case '{':
			if p.Type = member; strings.Contains(string(value), `"HasValue"`) && !strings.Contains(string(value), `"SmtpLogin"`) {
				p.Type = "SensitiveValue"
			} else if err := describeObject(json.NewDecoder(strings.NewReader(string(value))), member, all); err != nil {
				return err
			}
		case '"', 'n':
		default:
			p.Type = "int"
		}
		(*all)[at].Properties = append((*all)[at].Properties, p)
	}
	return nil
}
