package catalog

import (
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A LibraryVariableSet holds variables that several projects include. A script
// module is one too: its body and its language are two of its variables.
type LibraryVariableSet struct {
	kind.Named
	Description   string      `json:"Description" kind:"max=100000"`
	VariableSetID string      `json:"VariableSetId" kind:"readonly"`
	ContentType   string      `json:"ContentType" kind:"enum=Variables|ScriptModule,filter"`
	Templates     []Parameter `json:"Templates"`
	Version       int         `json:"Version" kind:"readonly"`
}

// The contents that a library variable set can have.
const (
	ContentVariables    = "Variables"
	ContentScriptModule = "ScriptModule"
)

// ScriptModuleBody and ScriptModuleSyntax are the variables of a script module.
func ScriptModuleBody(name string) string { return "Octopus.Script.Module[" + name + "]" }

// ScriptModuleSyntax is the variable that holds a script module's language.
func ScriptModuleSyntax(name string) string { return "Octopus.Script.Module.Language[" + name + "]" }

// LibraryVariableSets holds library variable sets and script modules.
var LibraryVariableSets = kind.Register(kind.Kind[LibraryVariableSet]{
	Plural:      "LibraryVariableSets",
	Singular:    "Library variable set",
	Permissions: rights("LibraryVariableSet"),
	Links:       map[string]string{"Variables": "~/variables/<VariableSetId>"},
	// A set of variables and a script module may have the same name.
	Owner: func(s *LibraryVariableSet) string { return s.ContentType },
	Rules: librarySetRules,
	References: func(s *LibraryVariableSet) []store.Reference {
		return parameterReferences("Templates", s.Templates)
	},
	Created:  librarySetCreated,
	Changed:  librarySetChanged,
	Deleting: librarySetDeleting,
	Owned:    []string{"VariableSets"},
})

func librarySetRules(tx *store.Tx, next, old *LibraryVariableSet, c *fault.Complaints) error {
	next.VariableSetID = "variableset-" + next.ID
	var before []Parameter
	if old != nil {
		next.ContentType, next.Version = old.ContentType, old.Version+1
		before = old.Templates
	}
	checkParameters("Templates", next.Templates, before, c)
	return checkDefaults(tx, next.SpaceID, next.Templates, before, c)
}

func librarySetCreated(tx *store.Tx, made *LibraryVariableSet) error {
	return bearVariables(tx, made.SpaceID, made.ID)
}

// bearVariables creates the empty variable set of its owner.
func bearVariables(tx *store.Tx, space, owner string) error {
	s := &VariableSet{OwnerID: owner, born: true}
	s.ID, s.SpaceID = "variableset-"+owner, space
	return VariableSets.Put(tx, s)
}

// librarySetChanged renames the variables of a script module with it, because
// their names contain its name.
func librarySetChanged(tx *store.Tx, now, old *LibraryVariableSet) error {
	if now.ContentType != ContentScriptModule || now.Name == old.Name {
		return nil
	}
	set, err := VariableSets.Get(tx, now.VariableSetID)
	if err != nil {
		return err
	}
	changed := false
	for i := range set.Variables {
		v := &set.Variables[i]
		switch v.Name {
		case ScriptModuleBody(old.Name):
			v.Name, changed = ScriptModuleBody(now.Name), true
		case ScriptModuleSyntax(old.Name):
			v.Name, changed = ScriptModuleSyntax(now.Name), true
		}
	}
	if !changed {
		return nil
	}
	return VariableSets.Put(tx, set)
}

func librarySetDeleting(tx *store.Tx, s *LibraryVariableSet) error {
	return dropVariables(tx, s.VariableSetID)
}

// dropVariables deletes a variable set with its owner.
func dropVariables(tx *store.Tx, id string) error {
	set, err := VariableSets.Get(tx, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	set.gone = true
	return VariableSets.Remove(tx, set)
}
