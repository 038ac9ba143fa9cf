package variable

import "strconv"

// Output is one variable that a step has put out.
type Output struct {
	Action      string // name of the step or action that set it
	MachineID   string // empty when it ran for no machine
	MachineName string
	Name        string
	Value       string
	Sensitive   bool
}

// Outputs turns what earlier steps put out, oldest first, into variables. Each
// is known by three names: with the step's and the machine's, with the step's
// for the same machine later on, and with the step's everywhere else, where
// the machine that set it last counts.
func Outputs(outs []Output) []Value {
	set := newOutputSet(len(outs) * 3)
	for _, o := range outs {
		if o.Action == "" || o.Name == "" {
			continue
		}
		base := "Octopus.Action[" + o.Action + "].Output"
		set.put(base+"."+o.Name, "", o)
		if o.MachineID == "" && o.MachineName == "" {
			continue
		}
		set.put(base+"["+o.MachineName+"]."+o.Name, "", o)
		if o.MachineID != "" {
			set.put(base+"."+o.Name, o.MachineID, o)
		}
	}
	return set.values
}

// ChildOutputs turns what the steps of a child deployment put out into
// variables of the step that deployed it.
func ChildOutputs(parentAction string, outs []Output) []Value {
	set := newOutputSet(len(outs) * 2)
	for _, o := range outs {
		if o.Action == "" || o.Name == "" {
			continue
		}
		base := "Octopus.Action[" + parentAction + "].Output.Deployment[" + o.Action + "]"
		set.put(base+"."+o.Name, "", o)
		if o.MachineName != "" {
			set.put(base+"["+o.MachineName+"]."+o.Name, "", o)
		}
	}
	return set.values
}

// Person is somebody as variables describe one.
type Person struct {
	ID           string
	Username     string
	DisplayName  string
	EmailAddress string
}

// ManualOutputs is what a manual step puts out once somebody has decided.
func ManualOutputs(action, notes string, approved bool, by Person) []Output {
	all := [][2]string{
		{"Manual.Notes", notes},
		{"Manual.Approved", boolean(approved)},
		{"Manual.ResponsibleUser.Id", by.ID},
		{"Manual.ResponsibleUser.Username", by.Username},
		{"Manual.ResponsibleUser.DisplayName", by.DisplayName},
		{"Manual.ResponsibleUser.EmailAddress", by.EmailAddress},
	}
	outs := make([]Output, len(all))
	for i, one := range all {
		outs[i] = Output{Action: action, Name: one[0], Value: one[1]}
	}
	return outs
}

// outputSet collects output variables; a later one replaces an earlier one of
// the same name for the same machine.
type outputSet struct {
	values []Value
	at     map[[2]string]int
}

// newOutputSet makes a set with room for n variables.
func newOutputSet(n int) *outputSet {
	return &outputSet{values: make([]Value, 0, n), at: make(map[[2]string]int, n)}
}

// put adds or replaces one variable.
func (s *outputSet) put(name, machine string, o Output) {
	v := Value{Name: name, Value: o.Value, Type: TypeString, Sensitive: o.Sensitive, Source: FromOutput, Owner: o.Action, Scope: Scope{Private: true}}
	if o.Sensitive {
		v.Type = TypeSensitive
	}
	if machine != "" {
		v.Scope.Machine = []string{machine}
	}
	key := [2]string{fold(name), fold(machine)}
	if i, found := s.at[key]; found {
		s.values[i] = v
		return
	}
	s.at[key] = len(s.values)
	s.values = append(s.values, v)
}

// boolean and number spell a value as variables do.
func boolean(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func number(n int) string { return strconv.Itoa(n) }
