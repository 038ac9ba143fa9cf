package variable

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Outcome says what became of one value of a variable at a place.
type Outcome int

// The outcomes, best first.
const (
	Won       Outcome = iota // the variable has this value here
	Tied                     // as specific as the winner, but not chosen
	Outranked                // applies, but another is more specific
	Elsewhere                // does not apply here
)

// Verdict is one value of a variable with what became of it and why. Value is
// left out of a sensitive one.
type Verdict struct {
	Value   Value
	Outcome Outcome
	Rank    Rank
	Reason  string  // one sentence
	Lacks   []Field // the scopes that do not match, strongest first
}

// Explanation says which value a variable has at a place and what became of
// every other one, winner first.
type Explanation struct {
	Name     string
	Summary  string // one sentence
	Verdicts []Verdict
}

// Winner is the verdict on the value that the variable has, if it has one.
func (e *Explanation) Winner() (Verdict, bool) {
	if len(e.Verdicts) > 0 && e.Verdicts[0].Outcome == Won {
		return e.Verdicts[0], true
	}
	return Verdict{}, false
}

// Explain says why a variable has the value it has at a place. Ids in its
// sentences go through the context's Label.
func Explain(values []Value, name string, ctx Context) Explanation {
	e := explainer{ctx: ctx, place: newPlace(&ctx)}
	key := fold(name)
	for i := range values {
		if fold(values[i].Name) == key && key != "" {
			e.verdicts = append(e.verdicts, e.judge(&values[i]))
		}
	}
	slices.SortStableFunc(e.verdicts, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(b.Rank, a.Rank), tieBreak(&a.Value, &b.Value))
	})
	e.compareWithWinner()
	summary := e.summary(name)
	for i := range e.verdicts {
		if e.verdicts[i].Value.IsSensitive() {
			e.verdicts[i].Value.Value = ""
		}
	}
	return Explanation{Name: name, Summary: summary, Verdicts: e.verdicts}
}

// explainer collects the verdicts on one variable.
type explainer struct {
	ctx      Context
	place    place
	verdicts []Verdict
}

// judge says whether one value applies; who wins is seen when all are judged.
func (e *explainer) judge(v *Value) Verdict {
	m := newMatcher(v)
	if rank, ok := m.match(&e.place); ok {
		return Verdict{Value: *v, Outcome: Outranked, Rank: rank}
	}
	verdict := Verdict{Value: *v, Outcome: Elsewhere}
	var why []string
	for _, one := range e.scopes(v) {
		if one.matches {
			continue
		}
		verdict.Lacks = append(verdict.Lacks, one.field)
		why = append(why, one.lack)
	}
	verdict.Reason = "Does not apply here: " + strings.Join(why, ", and ") + "."
	return verdict
}

// scopeCheck is one scope of a value held against the place.
type scopeCheck struct {
	field   Field
	matches bool
	lack    string
}

// scopes holds every scope of a value against the place, strongest first.
func (e *explainer) scopes(v *Value) []scopeCheck {
	s, c, p := &v.Scope, &e.ctx, &e.place
	checks := []struct {
		field   Field
		wanted  []string
		given   []string
		matches func(tokens) bool
	}{
		{Action, s.Action, []string{c.Action}, func(t tokens) bool { return t.has(p.action) || t.has(p.step) }},
		{Machine, s.Machine, []string{c.Machine}, func(t tokens) bool { return t.has(p.machine) }},
		{TargetRole, s.TargetRole, p.targetedRoles, func(t tokens) bool { return t.meets(p.targetedRoles) }},
		{Role, s.Role, c.MachineRoles, func(t tokens) bool { return t.meets(p.roles) }},
		{Tenant, s.Tenant, []string{c.Tenant}, func(t tokens) bool { return t.has(p.tenant) }},
		{TenantTag, s.TenantTag, c.TenantTags, func(t tokens) bool { return t.meets(p.tenantTags) }},
		{Environment, s.Environment, []string{c.Environment}, func(t tokens) bool { return t.has(p.environment) || t.has(p.parent) }},
		{Channel, s.Channel, []string{c.Channel}, func(t tokens) bool { return t.has(p.channel) }},
		{ProcessOwner, s.ProcessOwner, []string{c.ProcessOwner}, func(t tokens) bool { return t.has(p.owner) }},
		{Project, s.Project, []string{c.Project}, func(t tokens) bool { return t.has(p.project) }},
	}
	var out []scopeCheck
	for _, one := range checks {
		if len(one.wanted) == 0 {
			continue
		}
		out = append(out, scopeCheck{
			field: one.field, matches: one.matches(newTokens(one.wanted)),
			lack: e.lack(one.field, one.wanted, one.given),
		})
	}
	return out
}

// lack says what a scope wants and what the place has instead.
func (e *explainer) lack(field Field, wanted, given []string) string {
	want := fmt.Sprintf("it is scoped to %s %s", field, e.labels(field, wanted, " or "))
	given = slices.DeleteFunc(slices.Clone(given), func(s string) bool { return s == "" })
	if len(given) > 0 {
		return want + ", but here it is " + e.labels(field, given, " and ")
	}
	switch field {
	case Action:
		return want + ", but no step is running"
	case Machine:
		return want + ", but no machine is involved"
	case Role:
		if e.ctx.Machine == "" {
			return want + ", but no machine is involved"
		}
		return want + ", but the machine has no target tags"
	case TargetRole:
		return want + ", but the step asks for no such tag of this machine"
	case Tenant, TenantTag:
		if e.ctx.Tenant == "" {
			return want + ", but no tenant is deployed for"
		}
		return want + ", but the tenant has no tags"
	case Channel:
		return want + ", but there is no channel (runbooks have none)"
	}
	return want + ", but here there is none"
}

// labels joins ids as a person calls them.
func (e *explainer) labels(field Field, ids []string, sep string) string {
	named := make([]string, len(ids))
	for i, id := range ids {
		named[i] = `"` + e.label(field, id) + `"`
	}
	return strings.Join(named, sep)
}

// label is what a person calls an id.
func (e *explainer) label(field Field, id string) string {
	if e.ctx.Label != nil {
		if name := e.ctx.Label(field, id); name != "" {
			return name
		}
	}
	return id
}

// compareWithWinner gives the first applicable value the victory and tells the
// other applicable ones why they lost.
func (e *explainer) compareWithWinner() {
	if len(e.verdicts) == 0 || e.verdicts[0].Outcome == Elsewhere {
		return
	}
	winner := &e.verdicts[0]
	winner.Outcome = Won
	others := 0
	for i := range e.verdicts[1:] {
		loser := &e.verdicts[i+1]
		if loser.Outcome == Elsewhere {
			break
		}
		others++
		if loser.Rank == winner.Rank {
			loser.Outcome = Tied
			loser.Reason = fmt.Sprintf(
				"Applies and is exactly as specific as the value from %s, which is used because it comes first (by name, order of the sets, set and id).", origin(&winner.Value))
			continue
		}
		loser.Reason = "Applies, but is outranked: " + e.outranked(winner.Rank, loser.Rank) + "."
	}
	how := "it is not scoped"
	if fields := winner.Rank.Fields(); len(fields) > 0 {
		how = "it matches by " + e.describe(fields)
	}
	winner.Reason = "Used: " + how + ", and nothing more specific applies."
	if others == 0 {
		winner.Reason = "Used: " + how + ", and no other value applies."
	}
}

// outranked compares two ranks in words: the strongest field that only the
// winner matches decides, against the strongest that only the loser matches.
func (e *explainer) outranked(winner, loser Rank) string {
	mine, theirs := (winner &^ loser).Fields(), (loser &^ winner).Fields()
	if len(theirs) > 0 {
		return fmt.Sprintf("%s counts for more than %s", e.describe(mine[:1]), e.describe(theirs[:1]))
	}
	if shared := (winner & loser).Fields(); len(shared) > 0 {
		return fmt.Sprintf("both match by %s, but the one used also matches by %s", e.describe(shared), e.describe(mine))
	}
	return "it is not scoped, while the one used matches by " + e.describe(mine)
}

// describe lists fields with what they are at this place.
func (e *explainer) describe(fields []Field) string {
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = f.String()
		if id := e.here(f); id != "" {
			words[i] += ` "` + e.label(f, id) + `"`
		}
	}
	return strings.Join(words, " and ")
}

// here is the one id that a field has at this place, if it has one.
func (e *explainer) here(f Field) string {
	switch f {
	case Action:
		return cmp.Or(e.ctx.Action, e.ctx.Step)
	case Machine:
		return e.ctx.Machine
	case Tenant:
		return e.ctx.Tenant
	case Environment:
		return e.ctx.Environment
	case InheritedEnvironment:
		return e.ctx.ParentEnvironment
	case Channel:
		return e.ctx.Channel
	}
	return ""
}

// summary is the outcome in one sentence.
func (e *explainer) summary(name string) string {
	if len(e.verdicts) == 0 {
		return fmt.Sprintf("There is no variable %q.", name)
	}
	if e.verdicts[0].Outcome != Won {
		if len(e.verdicts) == 1 {
			return fmt.Sprintf("%q has no value here: its only value does not apply.", name)
		}
		return fmt.Sprintf("%q has no value here: none of its %d values applies.", name, len(e.verdicts))
	}
	winner := &e.verdicts[0].Value
	shown := fmt.Sprintf("%q", winner.Value)
	if winner.IsSensitive() {
		shown = "a sensitive value"
	}
	return fmt.Sprintf("%q is %s, from %s.", name, shown, origin(winner))
}
