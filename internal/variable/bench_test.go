package variable

import (
	"fmt"
	"testing"
)

// benchmarkValues are 2,000 values of 1,200 names, a quarter of them scoped to
// machines, tags or steps.
func benchmarkValues() []Value {
	var values []Value
	for i := range 2000 {
		v := Value{ID: fmt.Sprint("v", i), Name: fmt.Sprintf("App.Section%d.Setting", i%1200), Value: fmt.Sprint("value ", i)}
		switch i % 12 {
		case 0:
			v.Scope.Machine = []string{fmt.Sprint("Machines-", i%50)}
		case 1:
			v.Scope.Role = []string{"web", "db"}
		case 2:
			v.Scope.Action = []string{fmt.Sprint("act-", i%10)}
		case 3, 4, 5, 6:
			v.Scope.Environment = []string{fmt.Sprint("Environments-", i%4)}
		}
		values = append(values, v)
	}
	return values
}

// BenchmarkDeployment resolves 2,000 values at 50 machines times 10 actions.
func BenchmarkDeployment(b *testing.B) {
	values := benchmarkValues()
	for b.Loop() {
		frame := NewIndex(values).For(Context{Environment: "Environments-1", Project: "Projects-1"})
		for machine := range 50 {
			for action := range 10 {
				frame.At(Spot{
					Action: fmt.Sprint("act-", action), Machine: fmt.Sprint("Machines-", machine),
					MachineRoles: []string{"web"}, TargetRoles: []string{"web"},
				})
			}
		}
	}
}

// BenchmarkSpot resolves one further machine and action.
func BenchmarkSpot(b *testing.B) {
	frame := NewIndex(benchmarkValues()).For(Context{Environment: "Environments-1"})
	extra := []Value{{Name: "Octopus.Machine.Name", Value: "web-1", Scope: Scope{Private: true}}}
	for b.Loop() {
		frame.At(Spot{Action: "act-1", Machine: "Machines-7", MachineRoles: []string{"web"}}, extra...)
	}
}
