package kind

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// The tag `kind:"…"` of a member takes, separated by commas:
//
//	required       it must not be empty
//	max=N          at most N characters
//	ref=Plural     it holds ids of that type; "Plural?" tolerates ids of nothing
//	filter         lists can be narrowed by it
//	enum=A|B|C     one of these, in any case; empty becomes the first
//	default=V      what an empty one becomes
//	readonly       what a client sends is ignored
//	within=D       it says which project, group, environment or tenant this lies in
//	version        counts changes; a stale one is refused, an absent one is the
//	               present one
type member struct {
	index            []int
	name             string
	required         bool
	readonly         bool
	max              int
	ref              string
	loose            bool
	enum             []string
	fallback         string
	nested           *form // of a struct, or of the elements of a slice of structs
	slice, container bool
}

type form struct {
	members  []member
	byName   map[string]int // place of a member by its name in lower case; of the outermost form alone
	filters  []string
	within   map[string]string
	version  []int
	secret   bool
	describe string
	shape    string
}

func compile(t reflect.Type) *form {
	f := &form{within: map[string]string{}, secret: holdsSecret(t, nil)}
	f.add(t, nil, 0)
	f.members = slices.Clone(f.members)
	f.byName = make(map[string]int, len(f.members))
	for i, m := range f.members {
		f.byName[strings.ToLower(m.name)] = i
	}
	return f
}

func (f *form) add(t reflect.Type, index []int, depth int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(slices.Clone(index), i)
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct {
			f.add(sf.Type, at, depth)
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if !sf.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		m := member{index: at, name: name}
		f.parse(&m, sf.Tag.Get("kind"))
		f.nest(&m, sf.Type, depth)
		f.describe += name + ":" + sf.Type.String() + ";"
		f.members = append(f.members, m)
	}
}

// nest compiles the members of a struct, or of the elements of a slice.
func (f *form) nest(m *member, t reflect.Type, depth int) {
	if t.Kind() == reflect.Slice {
		m.slice, t = true, t.Elem()
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && depth < 6 && t.PkgPath() != "time" && t != reflect.TypeFor[Time]() && t != reflect.TypeFor[Sensitive]() && t != reflect.TypeFor[Property]() {
		inner := &form{within: map[string]string{}}
		inner.add(t, nil, depth+1)
		f.describe += "{" + inner.describe + "}"
		inner.members, inner.describe = slices.Clone(inner.members), "" // they stay for good
		m.nested = inner
	}
}

func (f *form) parse(m *member, tag string) {
	if tag == "" {
		return
	}
	for _, option := range strings.Split(tag, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "required":
			m.required = true
		case "readonly":
			m.readonly = true
		case "max":
			m.max, _ = strconv.Atoi(value)
		case "ref":
			m.ref, m.loose = strings.CutSuffix(value, "?")
		case "filter":
			f.filters = append(f.filters, m.name)
		case "enum":
			m.enum = strings.Split(value, "|")
		case "default":
			m.fallback = value
		case "within":
			f.within[value] = m.name
		case "version":
			f.version = m.index
		default:
			panic(fmt.Sprintf("kind: unknown option %q on member %s", option, m.name))
		}
	}
}

// named finds a member by its name in any case.
func (f *form) named(name string) (member, bool) {
	i, ok := f.byName[strings.ToLower(name)]
	if f.byName == nil {
		i = slices.IndexFunc(f.members, func(m member) bool { return strings.EqualFold(m.name, name) })
		ok = i >= 0
	}
	if !ok {
		return member{}, false
	}
	return f.members[i], true
}

func (f *form) member(v reflect.Value, name string) reflect.Value {
	m, ok := f.named(name)
	if !ok {
		return reflect.Value{}
	}
	return v.FieldByIndex(m.index)
}

// check applies what tags say to v, completes defaults, and collects
// references. where is the path of v for the complaints. Who knows a list by
// the names of its elements cannot be asked to count them, so the complaints
// give the name of what a member is of, too.
func (f *form) check(v reflect.Value, where string, c *fault.Complaints, refs map[store.Reference]member) {
	of := ""
	if own := f.member(v, "Name"); where != "" && own.IsValid() && own.Kind() == reflect.String && own.String() != "" {
		of = " (of '" + own.String() + "')"
	}
	for _, m := range f.members {
		fv := v.FieldByIndex(m.index)
		name := where + m.name
		called := name + of
		if m.name == "Name" {
			called = name
		}
		m.scalar(fv, called, c)
		if m.ref != "" {
			for _, id := range texts(fv) {
				if id != "" {
					refs[store.Reference{Field: called, Target: id}] = m
				}
			}
		}
		if m.nested == nil {
			continue
		}
		if m.slice {
			for i := range fv.Len() {
				element(m.nested, fv.Index(i), fmt.Sprintf("%s[%d].", name, i), c, refs)
			}
			continue
		}
		element(m.nested, fv, name+".", c, refs)
	}
}

func element(f *form, v reflect.Value, where string, c *fault.Complaints, refs map[store.Reference]member) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	f.check(v, where, c, refs)
}

func (m *member) scalar(v reflect.Value, name string, c *fault.Complaints) {
	if v.Kind() != reflect.String {
		if m.required && v.IsZero() {
			c.Add("%s must not be empty.", name)
		}
		return
	}
	s := strings.TrimSpace(v.String())
	if s == "" && m.fallback != "" {
		v.SetString(m.fallback)
		return
	}
	if s == "" && len(m.enum) > 0 {
		if m.required {
			c.Add("%s must not be empty. It is one of %s.", name, strings.Join(m.enum, ", "))
			return
		}
		v.SetString(m.enum[0])
		return
	}
	switch {
	case s == "" && m.required:
		c.Add("%s must not be empty.", name)
	case m.max > 0 && len([]rune(s)) > m.max:
		c.Add("%s must have at most %d characters; it has %d.", name, m.max, len([]rune(s)))
	case len(m.enum) > 0:
		for _, e := range m.enum {
			if strings.EqualFold(e, s) {
				v.SetString(e)
				return
			}
		}
		c.Add("%s is %q, which is not one of %s.", name, s, strings.Join(m.enum, ", "))
	}
	if m.name == "Name" {
		v.SetString(s)
		if strings.ContainsFunc(s, breaksLine) {
			c.Add("%s must not have line breaks, tabs or other control characters: it is %q.", name, s)
		}
	}
}

// breaksLine tells the characters that a name cannot have: it stands in lines of
// logs, in headers of mails and in the cells of tables.
func breaksLine(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }
