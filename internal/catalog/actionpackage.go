package catalog

import (
	"fmt"
	"strings"
)

// PackageIn finds the package that rules and releases mean by an action's
// name, slug or id and a reference; nil when the process has none such.
func PackageIn(steps []Step, wanted ActionPackage) *PackageReference {
	for i := range steps {
		for j := range steps[i].Actions {
			a := &steps[i].Actions[j]
			if !strings.EqualFold(a.Name, wanted.DeploymentAction) && a.Slug != wanted.DeploymentAction && a.ID != wanted.DeploymentAction {
				continue
			}
			for n := range a.Packages {
				if strings.EqualFold(a.Packages[n].Name, wanted.PackageReference) {
					return &a.Packages[n]
				}
			}
		}
	}
	return nil
}

// PackagesOf tells in a sentence which packages a process has.
func PackagesOf(steps []Step) string {
	var all []string
	for i := range steps {
		for j := range steps[i].Actions {
			a := &steps[i].Actions[j]
			for _, p := range a.Packages {
				title := "'" + a.Name + "'"
				if p.Name != "" {
					title = fmt.Sprintf("'%s' of %s", p.Name, title)
				}
				all = append(all, title)
			}
		}
	}
	if len(all) == 0 {
		return "It has no packages."
	}
	return "It has those of " + strings.Join(all, ", ") + "."
}

// actionName is what an action is called now; "" when there is none.
func actionName(steps []Step, id string) string {
	for i := range steps {
		for j := range steps[i].Actions {
			if steps[i].Actions[j].ID == id {
				return steps[i].Actions[j].Name
			}
		}
	}
	return ""
}
