package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// hostile are texts that have broken servers before. None does harm if a script
// should run it, and none names another machine.
var hostile = []string{
	"", " ", "\x00", "a\x00b", "\u202e\u0000", "\ufeff", "\r\n", "'", `"`, `\`, "%", "%00", "%2e%2e%2f", "_", "*", "?", "#", "&", "..", "../../x", "/", "//",
	"' or 1=1 --", `"; select 1; --`, "$1", "{{", "#{", "#{a}", "#{#{a}}", "#{each x in y}", "${a}", "<b>", "null", "true", "0", "-1", "1e309", "9223372036854775808", "-9223372036854775809",
	"2147483647", "2147483648", "NaN", "[]", "{}", "all", "ALL", "İ", "ß", "\U0001F600", "\u0301", strings.Repeat("a", 300), strings.Repeat("é", 5000), strings.Repeat("x.", 2000),
	"1.0.0", "1.0.0.0.0", "1..0", "v", "999999999999999999999.0", "(", "(a+)+$", "[", "^(", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999+14:00", "2026-02-30", "1.00:00:00", "-00:00:01", "99999999.23:59:59",
	"Spaces-1", "Spaces-0", "Projects-999999", "Users-1", "refs/heads/main", "* * * * * *", "0 0 31 2 *", "Europe/Berlin", "{}", "a,b", ",", "a:b", ":", "a=b", "a/b",
}

// strange are values of other types than most members have.
var strange = []any{nil, true, false, 0, -1, 1, 0.5, 1e15, 1e300, -1e15, "", "x", []any{}, []any{nil}, []any{[]any{}}, object{}, object{"": nil}, object{"Id": 1}, json.RawMessage("123456789012345678901234567890")}

// maker makes values.
type maker struct {
	*rand.Rand
	world  *world
	serial func() int
}

func pick[T any](m *maker, of []T) T { return of[m.IntN(len(of))] }

// of makes a value by a schema: nearly always of the right type.
func (m *maker) of(schema object, name string, depth int) any {
	schema = m.world.resolve(schema)
	if m.IntN(60) == 0 {
		return pick(m, strange)
	}
	if of, ok := schema["x-reference"].(string); ok {
		return m.reference(of, schema)
	}
	if values, ok := schema["x-values"].([]any); ok && m.IntN(15) > 0 {
		return pick(m, values)
	}
	for _, key := range []string{"anyOf", "allOf"} {
		if some, ok := schema[key].([]any); ok {
			one, _ := pick(m, some).(object)
			return m.of(one, name, depth)
		}
	}
	kind, _ := schema["type"].(string)
	if kinds, ok := schema["type"].([]any); ok {
		kind, _ = pick(m, kinds).(string)
	}
	switch kind {
	case "null":
		return nil
	case "boolean":
		return m.IntN(2) == 0
	case "integer", "number":
		return pick(m, []any{0, 1, 1, 2, 3, 5, 10, 100, -1, 1 << 31, 1 << 53})
	case "string":
		return m.text(name)
	case "array":
		items, _ := schema["items"].(object)
		list := []any{}
		for range m.IntN(4) {
			if depth > 0 {
				list = append(list, m.of(items, strings.TrimSuffix(name, "s"), depth-1))
			}
		}
		return list
	case "object":
		return m.structure(schema, depth)
	}
	return pick(m, strange)
}

func (m *maker) structure(schema object, depth int) object {
	made := object{}
	members, _ := schema["properties"].(object)
	for _, name := range sorted(members) { // the same seed makes the same
		of, _ := members[name].(object)
		if depth > 0 && (of["x-required"] == true || m.IntN(3) == 0) {
			made[name] = m.of(of, name, depth-1)
		}
	}
	if of, ok := schema["additionalProperties"].(object); ok && depth > 0 {
		for range m.IntN(3) {
			made[m.text("key")] = m.of(of, "", depth-1)
		}
	}
	return made
}

// reference makes the id of something of a kind, or a list of such.
func (m *maker) reference(kind string, schema object) any {
	one := func() any {
		if id := m.world.some(m, kind); id != "" && m.IntN(20) > 0 {
			return id
		}
		return kind + "-999999"
	}
	if list, ok := schema["type"].([]any); ok && len(list) > 0 && list[0] == "array" {
		all := []any{}
		for range m.IntN(3) {
			all = append(all, one())
		}
		return all
	}
	return one()
}

// text makes a text that fits a member's name, or that fits nothing.
func (m *maker) text(name string) string {
	low := strings.ToLower(name)
	switch {
	case m.IntN(6) == 0:
		return pick(m, hostile)
	case strings.HasSuffix(low, "uri"), strings.HasSuffix(low, "url"), strings.HasSuffix(low, "endpoint"):
		return "http://127.0.0.1:1/" + low
	case strings.Contains(low, "host"), strings.Contains(low, "server"), strings.Contains(low, "address"):
		return "127.0.0.1"
	case strings.HasSuffix(low, "version"):
		return fmt.Sprintf("%d.%d.%d", m.IntN(3), m.IntN(100), m.IntN(10000))
	case strings.HasSuffix(low, "id"), strings.HasSuffix(low, "ids"):
		if id := m.world.some(m, ""); id != "" {
			return id
		}
	case strings.Contains(low, "time"), strings.Contains(low, "date"), low == "start", low == "end":
		return pick(m, []string{"2026-01-01T00:00:00Z", "2035-06-01T12:00:00.000+02:00", "2020-01-01T00:00:00Z"})
	case strings.Contains(low, "cron"):
		return "0 0 6 * * *"
	case strings.Contains(low, "mail"):
		return "a@b.invalid"
	}
	return fmt.Sprintf("%s %d", name, m.serial())
}

// spoil changes up to three members of a value, deep inside it.
func (m *maker) spoil(value any) any {
	for range m.IntN(4) {
		value = m.spoilOnce(value, 4)
	}
	return value
}

func (m *maker) spoilOnce(value any, depth int) any {
	switch v := value.(type) {
	case object:
		names := sorted(v)
		if len(names) == 0 {
			return v
		}
		name := pick(m, names)
		switch {
		case depth > 0 && m.IntN(2) == 0 && composite(v[name]):
			v[name] = m.spoilOnce(v[name], depth-1)
		case m.IntN(5) == 0:
			delete(v, name)
		case name == "Id":
		default:
			v[name] = m.other(v[name], name)
		}
		return v
	case []any:
		if len(v) == 0 || m.IntN(5) == 0 {
			return append(v, pick(m, strange))
		}
		i := m.IntN(len(v))
		if m.IntN(5) == 0 {
			return append(v, v[i])
		}
		v[i] = m.spoilOnce(v[i], depth-1)
		return v
	}
	return m.other(value, "")
}

func composite(v any) bool {
	switch v := v.(type) {
	case object:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return false
}

// other makes a value of mostly the same type.
func (m *maker) other(was any, name string) any {
	if m.IntN(3) == 0 {
		return pick(m, strange)
	}
	switch was := was.(type) {
	case string:
		if m.IntN(2) == 0 {
			return m.text(name)
		}
		return pick(m, hostile)
	case float64:
		return pick(m, []any{0, -1, was + 1, 1 << 31, 1 << 53, 0.5})
	case bool:
		return !was
	case nil:
		return m.text(name)
	}
	return pick(m, strange)
}
