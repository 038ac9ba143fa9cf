package kind

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// Sensitive is a value that goes in and never comes out. To replace it a client
// sends HasValue and NewValue; HasValue without NewValue keeps what is there;
// HasValue false clears it.
type Sensitive struct {
	HasValue bool    `json:"HasValue"`
	NewValue *string `json:"NewValue"`
	Hint     *string `json:"Hint,omitempty"`

	Sealed string `json:"Sealed,omitempty"` // only in the store
	Mark   string `json:"Mark,omitempty"`   // keyed hash, only in the store and the audit trail
}

// NewSensitive gives a Sensitive that holds a new value.
func NewSensitive(value string) Sensitive { return Sensitive{HasValue: true, NewValue: &value} }

// Open gives the plain value; "" when there is none.
func (s *Sensitive) Open(tx *store.Tx) (string, error) {
	if s == nil || !s.HasValue {
		return "", nil
	}
	if s.NewValue != nil {
		return *s.NewValue, nil
	}
	if s.Sealed == "" {
		return "", nil
	}
	plain, err := tx.Key().Open(sealContext, s.Sealed)
	if err != nil {
		return "", fmt.Errorf("opening a sensitive value: %w", err)
	}
	return plain, nil
}

// Seal makes a sealed text of a value that is stored elsewhere than in a
// document's Sensitive member, such as a deployment's snapshot of variables.
func Seal(key *secret.Key, plain string) string { return key.Seal(sealContext, plain) }

// Unseal opens what Seal made.
func Unseal(key *secret.Key, sealed string) (string, error) { return key.Open(sealContext, sealed) }

const sealContext = "document"

// Property is a value of a step's or template's properties: on the wire a text,
// or an object when it is sensitive; never null.
type Property struct {
	Text   string
	Secret *Sensitive
}

// MarshalJSON writes the text or the sensitive object.
func (p Property) MarshalJSON() ([]byte, error) {
	if p.Secret != nil {
		return json.Marshal(p.Secret)
	}
	return json.Marshal(p.Text)
}

// UnmarshalJSON reads a text, a sensitive object, or any other scalar as text.
func (p *Property) UnmarshalJSON(data []byte) error {
	*p = Property{}
	switch {
	case len(data) == 0 || string(data) == "null":
		return nil
	case data[0] == '{':
		p.Secret = &Sensitive{}
		return json.Unmarshal(data, p.Secret)
	case data[0] == '"':
		return json.Unmarshal(data, &p.Text)
	case data[0] == '[':
		return fmt.Errorf("a property's value is a text or a sensitive value, not a list")
	}
	p.Text = string(data)
	if p.Text == "true" {
		p.Text = "True"
	} else if p.Text == "false" {
		p.Text = "False"
	}
	return nil
}

var sensitiveType = reflect.TypeFor[Sensitive]()

// holdsSecret reports whether values of a type can hold a Sensitive.
func holdsSecret(t reflect.Type, seen []reflect.Type) bool {
	if t == sensitiveType {
		return true
	}
	for _, s := range seen {
		if s == t {
			return false
		}
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Interface: // what a client has sent as it likes
		return true
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		return holdsSecret(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && holdsSecret(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// eachSecret calls f for every Sensitive in v with a path that stays the same
// when list elements with an Id move.
func eachSecret(v reflect.Value, path string, f func(path string, s *Sensitive)) {
	if v.Type() == sensitiveType {
		f(path, v.Addr().Interface().(*Sensitive))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachSecret(v.Elem(), path, f)
		}
	case reflect.Interface:
		if !v.IsNil() {
			eachLoose(v.Interface(), path, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && holdsSecret(v.Type().Field(i).Type, nil) {
				eachSecret(v.Field(i), path+"."+v.Type().Field(i).Name, f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			key := fmt.Sprint(i)
			if e := reflect.Indirect(v.Index(i)); e.Kind() == reflect.Struct {
				if id := e.FieldByName("ID"); id.IsValid() && id.Kind() == reflect.String && id.String() != "" {
					key = id.String()
				}
			}
			eachSecret(v.Index(i), path+"["+key+"]", f)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			// Map elements cannot be changed in place: change a copy, put it back.
			e := reflect.New(v.Type().Elem()).Elem()
			e.Set(v.MapIndex(key))
			eachSecret(e, path+"["+fmt.Sprint(key)+"]", f)
			v.SetMapIndex(key, e)
		}
	}
}

// eachLoose calls f for every object in a JSON value that has the members of a
// Sensitive. Lists have no ids here, so what moves in one has to be sent anew.
func eachLoose(v any, path string, f func(path string, s *Sensitive)) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			eachLoose(e, path+"["+strconv.Itoa(i)+"]", f)
		}
	case map[string]any:
		s, ok := loose(v)
		if !ok {
			for key, e := range v {
				eachLoose(e, path+"["+key+"]", f)
			}
			return
		}
		f(path, &s)
		clear(v)
		v["HasValue"], v["NewValue"] = s.HasValue, nil
		for key, text := range map[string]string{"Sealed": s.Sealed, "Mark": s.Mark} {
			if text != "" {
				v[key] = text
			}
		}
		if s.NewValue != nil {
			v["NewValue"] = *s.NewValue
		}
		if s.Hint != nil {
			v["Hint"] = *s.Hint
		}
	}
}

// loose reads an object as a Sensitive if it has a HasValue, alone or beside a
// NewValue or what was sealed of it.
func loose(object map[string]any) (s Sensitive, ok bool) {
	known, value := false, false
	for key, e := range object {
		text, isText := e.(string)
		switch strings.ToLower(key) {
		case "hasvalue":
			s.HasValue, known = e.(bool)
		case "newvalue":
			if isText {
				s.NewValue = &text
			}
			value = isText || e == nil
		case "sealed":
			s.Sealed, value = text, value || isText
		case "mark":
			s.Mark = text
		case "hint":
			if isText {
				s.Hint = &text
			}
		}
	}
	return s, known && (value || len(object) == 1)
}

// seal replaces new values by sealed ones and takes kept ones from old.
func seal(key *secret.Key, next, old any) {
	kept := map[string]Sensitive{}
	if old != nil {
		eachSecret(reflect.ValueOf(old).Elem(), "", func(path string, s *Sensitive) { kept[path] = *s })
	}
	eachSecret(reflect.ValueOf(next).Elem(), "", func(path string, s *Sensitive) {
		before := kept[path]
		switch {
		case s.NewValue != nil && (s.HasValue || *s.NewValue != ""):
			plain := *s.NewValue
			*s = Sensitive{HasValue: true, Hint: s.Hint, Sealed: key.Seal(sealContext, plain), Mark: key.Fingerprint("audit", plain)}
		case s.HasValue && s.Sealed != "" && s.Sealed == before.Sealed:
		case s.HasValue && before.HasValue:
			*s = Sensitive{HasValue: true, Hint: s.Hint, Sealed: before.Sealed, Mark: before.Mark}
		case s.HasValue && s.Sealed != "": // copied from another document by the server
		default:
			*s = Sensitive{}
		}
	})
}

// fromClient drops what only the store may say.
func fromClient(resource any) {
	eachSecret(reflect.ValueOf(resource).Elem(), "", func(_ string, s *Sensitive) { s.Sealed, s.Mark = "", "" })
}

// forWire drops what must not leave the server.
func forWire(resource any, audit bool) {
	eachSecret(reflect.ValueOf(resource).Elem(), "", func(_ string, s *Sensitive) {
		s.Sealed, s.NewValue = "", nil
		if !audit {
			s.Mark = ""
		}
	})
}
