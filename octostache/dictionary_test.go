package octostache_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/octostache"
)

func TestAccess(t *testing.T) {
	d := dictionary("Name", "#{Who}", "Who", "me", "Flag", " TRUE ", "Off", "False", "Odd", "yes", "Int", " 42 ", "Long", "9999999999",
		"List", "a, b,,#{Who}", "Paths", "x\r\ny\n", "Empty", "")
	d.SetNull("Null")
	if got, ok := d.Get("NAME"); got != "me" || !ok {
		t.Errorf("Get = %q, %v", got, ok)
	}
	if got, ok := d.Raw("name"); got != "#{Who}" || !ok {
		t.Errorf("Raw = %q, %v", got, ok)
	}
	for _, name := range []string{"Null", "Missing"} {
		if got, ok := d.Get(name); ok {
			t.Errorf("Get(%s) = %q", name, got)
		}
	}
	if !d.Flag("Flag", false) || d.Flag("Off", true) || !d.Flag("Odd", true) || d.Flag("Missing", false) {
		t.Error("Flag reads true and false and nothing else")
	}
	if got, ok := d.Int("Int"); got != 42 || !ok {
		t.Errorf("Int = %d, %v", got, ok)
	}
	if _, ok := d.Int("Long"); ok {
		t.Error("Int takes 32 bits only")
	}
	if diff := cmp.Diff([]string{"a", "b", "me"}, d.Strings("List")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x", "y"}, d.Paths("Paths")); diff != "" {
		t.Error(diff)
	}
	if _, err := d.Require("Empty"); !errors.Is(err, octostache.ErrNoValue) {
		t.Errorf("Require gave %v", err)
	}
}

func TestIndexes(t *testing.T) {
	d := dictionary("P[A].N", "1", "P[B[0]].N", "2", "P[]", "3", "J", "[1,2]")
	if diff := cmp.Diff([]string{"A", "B[0]", ""}, d.Indexes("P")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1", "2"}, d.Indexes("J")); diff != "" {
		t.Error(diff)
	}
	if got := d.Indexes("Missing"); got != nil {
		t.Errorf("Indexes of nothing are %q", got)
	}
}

func TestSaveAndLoad(t *testing.T) {
	d := dictionary("B", "tab\t<&>\u2028", "A", "1")
	d.SetNull("N")
	text := d.Save()
	if want := "{\n  \"B\": \"tab\\t<&>\\u2028\",\n  \"A\": \"1\",\n  \"N\": null\n}"; text != want {
		t.Errorf("Save = %s, want %s", text, want)
	}
	var loaded octostache.Dictionary
	if err := json.Unmarshal([]byte(text), &loaded); err != nil {
		t.Fatal(err)
	}
	if loaded.Save() != text {
		t.Errorf("loaded %s", loaded.Save())
	}
	if err := loaded.Load([]byte(`{"A": 2, "C": true}`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"B", "A", "N", "C"}, loaded.Names()); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "[]", `{"a":{}}`, `{"a":1`, `{} x`} {
		if err := octostache.New().Load([]byte(bad)); err == nil {
			t.Errorf("Load took %s", bad)
		}
	}
	if got := octostache.New().Save(); got != "{}" {
		t.Errorf("an empty dictionary saves as %s", got)
	}
}

func TestChanges(t *testing.T) {
	d := dictionary("A", "1", "X", "#{A}#{B}")
	check(t, d, []templateCase{{template: "#{X}", want: "1#{B}", missing: []string{"#{B}"}}})
	d.Set("b", "2")
	check(t, d, []templateCase{{template: "#{X}", want: "12"}})
	d.Set("a", "3")
	check(t, d, []templateCase{{template: "#{X}", want: "32"}})

	c := d.Clone()
	c.Set("A", "clone")
	c.Remove("B")
	check(t, c, []templateCase{{template: "#{X}", want: "clone#{B}", missing: []string{"#{B}"}}})
	check(t, d, []templateCase{{template: "#{X}", want: "32"}})
	if diff := cmp.Diff([]string{"A", "X"}, c.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestHostFilter(t *testing.T) {
	d := dictionary("A", "x")
	d.AddFilter("Shout", func(input *string, args []string) (*string, error) {
		if input == nil {
			return nil, nil
		}
		result := *input + strings.Join(args, "") + "!"
		return &result, nil
	})
	d.AddFilter("ToUpper", func(*string, []string) (*string, error) { return nil, errors.New("never called") })
	check(t, d.Clone(), []templateCase{
		{template: "#{A | shout y | ToUpper}", want: "XY!"},
		{template: "#{B | Shout}", want: "#{B | Shout}", missing: []string{"#{B | Shout}"}},
	})
}

// Reading must be safe for many goroutines at once; the race detector judges.
func TestConcurrentReaders(t *testing.T) {
	d := dictionary("A", "#{B}", "B", "#{J.x[0]}", "J", `{"x": ["#{C | Replace c d}"]}`, "C", "c")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if got, err := d.Evaluate("#{A}"); got != "d" || err != nil {
					t.Errorf("got %q, %v", got, err)
					return
				}
				d.Clone().Set("A", "1")
				d.Indexes("A")
			}
		})
	}
	group.Wait()
}
