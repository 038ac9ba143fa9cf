package api

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/kind"
)

// schemas are the JSON Schemas of Go types by name.
type schemas map[string]any

func reference(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// of gives the schema of a value's type, or of the type that a kind has.
func (s schemas) of(v any) object {
	if info, ok := v.(kind.Info); ok {
		return s.typed(info.Type)
	}
	return s.typed(reflect.TypeOf(v))
}

var (
	marshaler   = reflect.TypeFor[json.Marshaler]()
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	special     = map[reflect.Type]object{
		reflect.TypeFor[kind.Time]():       {"type": []string{"string", "null"}, "format": "date-time"},
		reflect.TypeFor[time.Time]():       {"type": "string", "format": "date-time"},
		reflect.TypeFor[json.RawMessage](): {},
		reflect.TypeFor[kind.Property]():   {"type": []string{"string", "object"}},
		reflect.TypeFor[kind.Sensitive]():  {"type": "object", "properties": object{"HasValue": object{"type": "boolean"}, "NewValue": object{"type": []string{"string", "null"}}, "Hint": object{"type": []string{"string", "null"}}}},
	}
)

func (s schemas) typed(t reflect.Type) object {
	if known, ok := special[t]; ok {
		return known
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(s.typed(t.Elem()))
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Implements(marshaler) {
			return object{} // JSON that is there already
		}
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": []string{"string", "null"}, "contentEncoding": "base64"}
		}
		return nullable(object{"type": "array", "items": s.typed(t.Elem())})
	case reflect.Map:
		return nullable(object{"type": "object", "additionalProperties": s.typed(t.Elem())})
	case reflect.Struct:
		return s.named(t)
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Interface:
		return object{}
	}
	if t.Implements(marshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		return object{}
	}
	return object{"type": "integer"}
}

func nullable(schema object) object {
	switch was := schema["type"].(type) {
	case string:
		wider := object{}
		for k, v := range schema {
			wider[k] = v
		}
		wider["type"] = []string{was, "null"}
		return wider
	case nil:
		if schema["$ref"] != nil {
			return object{"anyOf": []object{schema, {"type": "null"}}}
		}
	}
	return schema
}

// named describes a struct once and refers to it by name.
func (s schemas) named(t reflect.Type) object {
	if t.Name() == "" {
		return s.structure(t)
	}
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	name = strings.NewReplacer("[", "Of", "]", "", "/", "", ".", "", "*", "").Replace(name)
	if known, ok := s[name].(object); ok && known["x-go"] != t.String() {
		name += "In" + strings.ToUpper(t.String()[:1]) + t.String()[1:strings.IndexByte(t.String(), '.')]
	}
	if s[name] == nil {
		place := object{"x-go": t.String()}
		s[name] = place // before its members, which may hold it again
		for k, v := range s.structure(t) {
			place[k] = v
		}
	}
	return reference(name)
}

func (s schemas) structure(t reflect.Type) object {
	properties := object{}
	s.members(t, properties)
	return object{"type": "object", "properties": properties}
}

// members adds the members of a struct and of those embedded in it.
func (s schemas) members(t reflect.Type, properties object) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			s.members(f.Type, properties)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		schema := s.typed(f.Type)
		if rules := constraints(f.Tag.Get("kind")); len(rules) > 0 {
			if schema["$ref"] != nil {
				schema = object{"allOf": []object{schema}}
			}
			merged := object{}
			for k, v := range schema {
				merged[k] = v
			}
			for k, v := range rules {
				merged[k] = v
			}
			schema = merged
		}
		if name == "Id" && t == reflect.TypeFor[kind.Base]() {
			schema = nullable(schema) // null in what is not stored yet, as templates are
		}
		properties[name] = schema
	}
}

// constraints says in a schema what a member's kind tag says.
func constraints(tag string) object {
	rules := object{}
	for option := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "readonly":
			rules["readOnly"] = true
		case "required":
			rules["x-required"] = true
		case "ref":
			rules["x-reference"] = strings.TrimSuffix(value, "?")
		case "enum":
			rules["x-values"] = strings.Split(value, "|")
		case "default":
			rules["default"] = value
		}
	}
	return rules
}
