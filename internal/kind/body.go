package kind

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/takodeploy/tako/internal/fault"
)

// Unmarshal decodes a client's JSON; what is wrong with it is said precisely.
func Unmarshal(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return &fault.Error{Code: fault.Invalid, Message: "The request has no body.", Details: []string{"A JSON body is required."}}
	}
	if !utf8.Valid(body) || bytes.Contains(body, []byte(`\u0000`)) {
		return &fault.Error{Code: fault.Invalid, Message: "The request body could not be read.", Details: []string{"The body must be valid UTF-8 without NUL characters."}}
	}
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return unreadable(err, syntaxComplaint(body, syntax))
	}
	var c fault.Complaints
	diagnose(reflect.TypeOf(into).Elem(), body, "", &c)
	if len(c) == 0 { // the whole is refused by what reads it, no member by itself
		c.Add("The body cannot be used: %s.", reason(err))
	}
	return unreadable(err, c...)
}

// unmarshalObject is Unmarshal for a resource, which is never null: null would
// be taken for one without any members, and empty what is there.
func unmarshalObject(body []byte, into any) error {
	if string(bytes.TrimSpace(body)) == "null" {
		return unreadable(nil, "The body: null cannot be read as an object.")
	}
	return Unmarshal(body, into)
}

func unreadable(cause error, details ...string) error {
	return &fault.Error{Code: fault.Invalid, Message: "The request body could not be read.", Details: details, Cause: cause}
}

func syntaxComplaint(body []byte, e *json.SyntaxError) string {
	before := body[:min(int(e.Offset), len(body))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := max(len(before)-1-bytes.LastIndexByte(before, '\n'), 1)
	return fmt.Sprintf("The body is not valid JSON: %s, at byte %d (line %d, column %d).", e.Error(), e.Offset, line, column)
}

// maxMismatches bounds how many members of a body are complained of.
const maxMismatches = 20

// diagnose finds every member of a client's JSON that a type cannot take. The
// decoder itself names the first only, and none inside of types that read
// themselves.
func diagnose(t reflect.Type, data json.RawMessage, path string, c *fault.Complaints) {
	if len(*c) >= maxMismatches || string(data) == "null" {
		return
	}
	if t.Kind() == reflect.Pointer {
		diagnose(t.Elem(), data, path, c)
		return
	}
	if readsItself(t) {
		if err := json.Unmarshal(data, reflect.New(t).Interface()); err != nil {
			refuse(t, data, path, err, c)
		}
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		each(t, data, path, c, func(name string, value json.RawMessage) {
			if inner, known := memberType(t, name); known {
				diagnose(inner, value, below(path, name), c)
			}
		})
	case reflect.Map:
		each(t, data, path, c, func(name string, value json.RawMessage) { diagnose(t.Elem(), value, below(path, name), c) })
	case reflect.Slice:
		if data[0] != '[' && t.Elem().Kind() == reflect.Uint8 {
			refuse(t, data, path, json.Unmarshal(data, reflect.New(t).Interface()), c)
			return
		}
		var all []json.RawMessage
		if err := json.Unmarshal(data, &all); err != nil {
			refuse(t, data, path, err, c)
			return
		}
		for i, value := range all {
			diagnose(t.Elem(), value, path+"["+strconv.Itoa(i)+"]", c)
		}
	default:
		refuse(t, data, path, json.Unmarshal(data, reflect.New(t).Interface()), c)
	}
}

// each calls f for the members of an object in the order of their names.
func each(t reflect.Type, data json.RawMessage, path string, c *fault.Complaints, f func(name string, value json.RawMessage)) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		refuse(t, data, path, err, c)
		return
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f(name, all[name])
	}
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// memberType finds the type of a member as the decoder does, in any case and
// in embedded structs as well.
func memberType(t reflect.Type, name string) (reflect.Type, bool) {
	for _, f := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && tag == "" || !f.IsExported() || tag == "-" {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		if strings.EqualFold(tag, name) {
			return f.Type, true
		}
	}
	return nil, false
}

// UnknownMembers lists the members of a client's JSON object that a value of a
// struct type does not have, in the order of their names. Null says nothing.
func UnknownMembers(body []byte, of any) (names []string) {
	var sent map[string]json.RawMessage
	_ = json.Unmarshal(body, &sent) // what is no object has no members
	for name, value := range sent {
		if _, known := memberType(reflect.TypeOf(of), name); !known && string(value) != "null" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Members lists the members that a value of a struct type has on the wire.
func Members(of any) (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && tag != "-" {
			names = append(names, cmp.Or(tag, f.Name))
		}
	}
	return names
}

// refuse complains of one value that a type cannot take; no err, no complaint.
func refuse(t reflect.Type, data json.RawMessage, path string, err error, c *fault.Complaints) {
	if err == nil {
		return
	}
	if path == "" {
		path = "The body"
	}
	var mismatch *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &mismatch):
		c.Add("%s: %s.", path, reason(err))
	case mismatch.Field != "":
		c.Add("%s: %s.", below(path, mismatch.Field), reason(err))
	default:
		c.Add("%s: %s cannot be read as %s.", path, shapeOf(data), plainType(t))
	}
}

// reason says what a type that reads itself has against a value, without the
// words of the decoder.
func reason(err error) string {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return fmt.Sprintf("a JSON %s cannot be read as %s", mismatch.Value, plainType(mismatch.Type))
	}
	return strings.TrimSuffix(strings.TrimPrefix(err.Error(), "json: "), ".")
}

// shapeOf says in JSON's words what a value is.
func shapeOf(data json.RawMessage) string {
	switch data[0] {
	case '"':
		return "a JSON string"
	case '{':
		return "a JSON object"
	case '[':
		return "a JSON array"
	case 't', 'f':
		return "a JSON boolean"
	}
	return "a JSON number"
}

// plainType says what a type takes.
func plainType(t reflect.Type) string {
	if t == reflect.TypeFor[Time]() {
		return "a date and time such as 2026-11-25T03:17:09Z"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return plainType(t.Elem())
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float64, reflect.Float32:
		return "a number"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a text in base64"
		}
		return "a list"
	}
	return "an object"
}
