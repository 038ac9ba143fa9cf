// Package kind is the kernel: it turns the declaration of a resource type into
// everything that resource types have in common.
//
// A type is a struct that embeds Base or Named, with tags that say what holds
// for single members, and one Kind value that says what holds for the type.
// From those follow storage, references, unique names, validation, sealed
// sensitive values, versions, links and the audit trail; package api adds the
// routes.
//
// A stored document is its wire form, links included, so that reading one is
// copying bytes. Only types with sensitive members, and documents written by
// an older form of their type, are decoded and encoded again on the way out.
package kind

import (
	"context"
	"fmt"
	"hash/fnv"
	"reflect"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Base holds the members that every resource has.
type Base struct {
	ID             string            `json:"Id"`
	SpaceID        string            `json:"SpaceId,omitempty"`
	LastModifiedOn *Time             `json:"LastModifiedOn,omitempty"`
	LastModifiedBy string            `json:"LastModifiedBy,omitempty"`
	Links          map[string]string `json:"Links"`

	doc *store.Document // as read; nil for one that is not stored yet
}

func (b *Base) base() *Base { return b }

// Stored reports whether the resource was read from the store or put there.
func (b *Base) Stored() bool { return b.doc != nil }

// Revision is the number of times the resource was written; 0 before the first.
func (b *Base) Revision() int64 {
	if b.doc == nil {
		return 0
	}
	return b.doc.Version
}

// Created is when the resource was first stored.
func (b *Base) Created() Time {
	if b.doc == nil {
		return Time{}
	}
	return Time{b.doc.Created}
}

// Named is embedded instead of Base by resources that people give names to.
type Named struct {
	Base
	Name string `json:"Name" kind:"required,max=200"`
	Slug string `json:"Slug,omitempty"`
}

// Permissions names the permissions that the five routes of a type ask for. An
// empty one is asked of nobody: whoever is signed in may.
type Permissions struct{ View, Create, Edit, Delete string }

// All uses one permission to view and another for every change.
func All(view, change string) Permissions { return Permissions{view, change, change, change} }

// Kind declares a resource type. T is a struct that embeds Base or Named.
type Kind[T any] struct {
	Plural   string // collection name and id prefix, such as "Projects"
	Singular string // for sentences; Plural without its last letter when empty
	Path     string // of the collection in URLs; lower-case Plural when empty
	System   bool   // one for the server, not one for each space
	Table    string // a table of its own, for high-volume types
	Order    string // SQL order of lists; by name when empty
	Prefix   string // of ids; Plural when empty

	Permissions Permissions
	// Links maps names to paths. "." begins with the resource's own path, "~"
	// with that of its space; <Member> stands for a member's value.
	Links map[string]string
	// Owner gives the document within which the name must be unique.
	Owner func(*T) string
	// Key gives what makes the name unique when that is not its letters.
	Key func(*T) string
	// Blank is what a new resource has where the client says nothing.
	Blank T
	// Rules checks and completes what tags cannot say. old is nil on create.
	Rules func(tx *store.Tx, next, old *T, c *fault.Complaints) error
	// References adds what tags cannot find.
	References func(*T) []store.Reference
	// Title is the member that names a resource; "Name" when empty.
	Title string
	// Repeats allows resources of the same name within one owner.
	Repeats bool
	// Outgoing finishes a resource's wire form, such as by taking out what is
	// only for the store. Only types with sensitive members have it called.
	Outgoing func(*T)
	// Frozen tells copies of what once was: they hold nothing they refer to,
	// are taken as they come, and never change.
	Frozen func(*T) bool
	// Created creates, in the same unit, what a new resource is born with.
	Created func(tx *store.Tx, made *T) error
	// Changed does, in the same unit, what must follow a change.
	Changed func(tx *store.Tx, now, old *T) error
	// Deleting deletes, in the same unit, what the resource owns.
	Deleting func(tx *store.Tx, gone *T) error
	// Owned lists types that go with the resource and so do not hold it.
	Owned []string
	// Silent types leave no audit event of their own.
	Silent bool
	// Hidden types have no routes of their own.
	Hidden bool
	// Scopes adds to what the tag within says; the project of a project is "Id".
	Scopes map[string]string

	form *form // compiled tags
}

// Any is a Kind of whatever type, as the registry and package api see it.
type Any interface {
	Info() Info
	Decode(body []byte) (any, error)
	Parse(wire []byte) (any, error)
	Merge(body []byte, into any) error
	Replace(body []byte, into any) error
	GetAny(tx *store.Tx, id string) (any, error)
	FindAny(tx *store.Tx, space, idOrSlugOrName string) (any, error)
	Missing(what string) error
	PutAny(tx *store.Tx, resource any) error
	DeleteAny(tx *store.Tx, id string) error
	ListRaw(tx *store.Tx, q Query) (items [][]byte, total int, err error)
	FindRaw(tx *store.Tx, space, idOrSlugOrName string) ([]byte, *store.Document, error)
	Wire(tx *store.Tx, resource any) ([]byte, error)
	Within(resource any) Within
}

// Info is what a Kind says about itself.
type Info struct {
	Plural, Singular, Path string
	System, Silent, Hidden bool
	Table, Order           string
	Permissions            Permissions
	Filters                []string // members a list can be narrowed by
	Type                   reflect.Type
	Scopes                 map[string]string // dimension to the member that holds it
}

// Within says where a resource lies, for the check of permissions.
type Within struct {
	Space                                   string
	Projects, Groups, Environments, Tenants []string
}

var registry struct {
	sync.Mutex
	kinds  []Any
	plural map[string]Any
}

// Register adds a type to the registry; it panics on a declaration that cannot
// be right. It is called from package-level variables only.
func Register[T any](k Kind[T]) *Kind[T] {
	var zero T
	if _, ok := any(&zero).(interface{ base() *Base }); !ok {
		panic(fmt.Sprintf("kind: %T does not embed kind.Base", zero))
	}
	if k.Singular == "" {
		k.Singular = strings.TrimSuffix(k.Plural, "s")
	}
	if k.Path == "" {
		k.Path = strings.ToLower(k.Plural)
	}
	if k.Prefix == "" {
		k.Prefix = k.Plural
	}
	if k.Title == "" {
		k.Title = "Name"
	}
	k.form = compile(reflect.TypeFor[T]())
	for dimension, member := range k.Scopes {
		k.form.within[dimension] = member
	}
	h := fnv.New32a()
	fmt.Fprint(h, k.form.describe, k.Links, k.Path)
	k.form.shape, k.form.describe = fmt.Sprintf("%08x", h.Sum32()), ""
	registry.Lock()
	defer registry.Unlock()
	if registry.plural == nil {
		registry.plural = map[string]Any{}
	}
	if registry.plural[k.Plural] != nil {
		panic("kind: " + k.Plural + " is registered twice")
	}
	registry.plural[k.Plural] = &k
	registry.kinds = append(registry.kinds, &k)
	return &k
}

// Registered lists all types in the order of their registration.
func Registered() []Any {
	registry.Lock()
	defer registry.Unlock()
	return append([]Any(nil), registry.kinds...)
}

// Lookup finds a type by its plural.
func Lookup(plural string) (Any, bool) {
	registry.Lock()
	defer registry.Unlock()
	k, ok := registry.plural[plural]
	return k, ok
}

// Of finds the Kind of a type at run time: a hook that named its own Kind's
// variable would be part of what that variable is initialised from.
func Of[T any]() *Kind[T] {
	registry.Lock()
	defer registry.Unlock()
	for _, k := range registry.kinds {
		if k, ok := k.(*Kind[T]); ok {
			return k
		}
	}
	panic(fmt.Sprintf("kind: %s is not registered", reflect.TypeFor[T]()))
}

// Prepare creates the indexes that the declared filters and orders need.
func Prepare(db *store.DB) error {
	return db.Do(context.Background(), func(tx *store.Tx) error {
		for _, k := range Registered() {
			info := k.Info()
			for _, f := range info.Filters {
				if err := tx.Index(info.Table, info.Plural, f); err != nil {
					return err
				}
			}
			// Orders by columns have indexes in the schema.
			if strings.Contains(info.Order, "data ->>") {
				if err := tx.IndexOrder(info.Table, info.Plural, info.Order); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Info describes the type.
func (k *Kind[T]) Info() Info {
	return Info{k.Plural, k.Singular, k.Path, k.System, k.Silent, k.Hidden, k.Table, k.Order, k.Permissions, k.form.filters, reflect.TypeFor[T](), k.form.within}
}

// Within says where a resource lies.
func (k *Kind[T]) Within(resource any) Within {
	v := reflect.ValueOf(resource).Elem()
	w := Within{Space: base(resource).SpaceID}
	for dimension, member := range k.form.within {
		values := texts(k.form.member(v, member))
		switch dimension {
		case "project":
			w.Projects = append(w.Projects, values...)
		case "group":
			w.Groups = append(w.Groups, values...)
		case "environment":
			w.Environments = append(w.Environments, values...)
		case "tenant":
			w.Tenants = append(w.Tenants, values...)
		}
	}
	return w
}

func base(resource any) *Base { return resource.(interface{ base() *Base }).base() }

func texts(v reflect.Value) []string {
	switch v.Kind() {
	case reflect.String:
		if v.String() != "" {
			return []string{v.String()}
		}
	case reflect.Slice:
		var all []string
		for i := range v.Len() {
			all = append(all, texts(v.Index(i))...)
		}
		return all
	case reflect.Pointer:
		if !v.IsNil() {
			return texts(v.Elem())
		}
	}
	return nil
}

// DefaultSpace is the space that paths without one mean.
const DefaultSpace = "Spaces-1"
