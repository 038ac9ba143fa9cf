package parcel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// joined adds to what is here and shared what the projects of the parcel need of
// it: tags, and what tenants have for them. It gives nil for what is left as it is.
func (t *taking) joined(plural string, wanted, before map[string]any) map[string]any {
	switch plural {
	case "Tenants":
		all := map[string]any{}
		for _, some := range []map[string]any{before, wanted} {
			connected, _ := some["ProjectEnvironments"].(map[string]any)
			maps.Copy(all, connected)
		}
		joined := maps.Clone(before)
		joined["ProjectEnvironments"] = all
		return joined
	case "TagSets":
		return with(before, wanted, "Tags", func(v any) string {
			tag, _ := v.(map[string]any)
			return strings.ToLower(fmt.Sprint(tag["Name"]))
		})
	case "TenantVariables":
		return with(before, wanted, "Values", place)
	}
	return nil
}

// with gives what is here with those elements of a list that it has not.
func with(before, wanted map[string]any, list string, key func(any) string) map[string]any {
	have, _ := before[list].([]any)
	all := slices.Clone(have)
	more, _ := wanted[list].([]any)
	for _, v := range more {
		if !slices.ContainsFunc(all, func(other any) bool { return key(other) == key(v) }) {
			all = append(all, v)
		}
	}
	joined := maps.Clone(before)
	joined[list] = all
	return joined
}

// place says what a value of a tenant is for.
func place(v any) string {
	m, _ := v.(map[string]any)
	return fmt.Sprint(m["OwnerId"], m["TemplateId"], m["EnvironmentIds"])
}
