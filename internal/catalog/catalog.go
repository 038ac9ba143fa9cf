// Package catalog declares the resource types: what members each has on the
// wire, what must hold for them, and what they are born and die with. One file
// is one type; package kind gives them all what types have in common.
package catalog

import (
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/kind"
)

// rights gives the four permissions of a type that has one for each route,
// such as LifecycleView, LifecycleCreate, LifecycleEdit and LifecycleDelete.
func rights(noun string) kind.Permissions {
	return kind.Permissions{View: noun + "View", Create: noun + "Create", Edit: noun + "Edit", Delete: noun + "Delete"}
}

// tidy trims texts and drops empty and repeated ones, whatever their case; the
// order stays.
func tidy(texts []string) []string {
	kept := texts[:0:0]
	for _, s := range texts {
		s = strings.TrimSpace(s)
		if s != "" && !slices.ContainsFunc(kept, func(k string) bool { return strings.EqualFold(k, s) }) {
			kept = append(kept, s)
		}
	}
	return kept
}
