package variable

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDictionary(t *testing.T) {
	values := []Value{
		{Name: "Name", Value: "fixed"}, {Name: "Color", Value: "red", Scope: Scope{Machine: []string{"m1"}}}, {Name: "Color", Value: "blue", Scope: Scope{Machine: []string{"m2"}}},
		{Name: "Octopus.Step[Zip].Name", Value: "Zip", Scope: Scope{Private: true}}, {Name: "Octopus.Step[Apply].Name", Value: "Apply", Scope: Scope{Private: true}},
		{Name: "All", Value: "#{Name}-#{Color}-#{each s in Octopus.Step}#{s.Name};#{/each}"},
	}
	f := NewIndex(values).For(Context{})
	for _, tc := range []struct {
		name  string
		spot  Spot
		extra []Value
		want  string
	}{
		{"on one machine", Spot{Machine: "m1"}, nil, "fixed-red-Zip;Apply;"},
		{"on another", Spot{Machine: "m2"}, nil, "fixed-blue-Zip;Apply;"},
		{"on none", Spot{}, nil, "fixed-#{Color}-Zip;Apply;"},
		{"with a value known only there", Spot{Machine: "m1"}, []Value{{Name: "NAME", Value: "extra", Scope: Scope{Private: true}}}, "extra-red-Zip;Apply;"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _ := f.At(tc.spot, tc.extra...).Dictionary().Get("all")
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestDictionaryAgreesWithResolution compares the two for every variable, on
// many machines at once.
func TestDictionaryAgreesWithResolution(t *testing.T) {
	f := NewIndex(benchmarkValues()).For(Context{Environment: "Environments-1"})
	var wait sync.WaitGroup
	for machine := range 8 {
		wait.Go(func() {
			r := f.At(Spot{Machine: fmt.Sprint("Machines-", machine), Action: "act-1", MachineRoles: []string{"web"}}, Value{Name: "Extra", Value: "x"})
			d := r.Dictionary()
			want, got := map[string]string{}, map[string]string{}
			for v := range r.All() {
				want[strings.ToLower(v.Name)] = v.Value
			}
			for _, name := range d.Names() {
				got[strings.ToLower(name)], _ = d.Raw(name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("machine %d: %s", machine, diff)
			}
		})
	}
	wait.Wait()
}

func TestExpandIsInTheDictionary(t *testing.T) {
	r := Resolve([]Value{{Name: "Id", Value: "Accounts-1"}, {Name: "Aws", Value: "#{Id}", Type: TypeAWS}, {Name: "Use", Value: "#{Aws.SecretKey}"}}, Context{})
	err := r.Expand(Texts(r.Dictionary()), func(kind, id string) ([]Part, error) {
		return []Part{{"SecretKey", kind + "/" + id, true}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := r.Dictionary().Get("Use"); got != "AmazonWebServicesAccount/Accounts-1" {
		t.Errorf("got %q", got)
	}
}

// BenchmarkDictionaries makes 500 dictionaries of a deployment.
func BenchmarkDictionaries(b *testing.B) {
	values := benchmarkValues()
	for b.Loop() {
		frame := NewIndex(values).For(Context{Environment: "Environments-1"})
		for i := range 500 {
			frame.At(Spot{Action: fmt.Sprint("act-", i%10), Machine: fmt.Sprint("Machines-", i/10), MachineRoles: []string{"web"}}).Dictionary()
		}
	}
}
