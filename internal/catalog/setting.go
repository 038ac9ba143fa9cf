package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/octostache"
)

// The properties by which steps and actions are run.
const (
	SettingStepCondition   = "Octopus.Step.ConditionVariableExpression"
	SettingActionCondition = "Octopus.Action.ConditionVariableExpression"
	SettingWindow          = "Octopus.Action.MaxParallelism"
	SettingRetries         = "Octopus.Action.AutoRetry.MaximumCount"
	SettingBackoff         = "Octopus.Action.AutoRetry.MinimumBackoff"
	SettingTimeout         = "Octopus.Action.ExecutionTimeout.Minutes"
)

// wholeSettings are the properties that hold whole numbers, with the largest.
var wholeSettings = map[string]int{
	SettingWindow:  100_000,
	SettingRetries: 1_000,
	SettingBackoff: 24 * 60 * 60,
	SettingTimeout: 365 * 24 * 60,
}

// WholeSetting reads a property that holds a whole number; what is wrong with
// the text is a sentence that begins with the property's name. Nothing is 0.
func WholeSetting(name, text string) (number int, complaint string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, ""
	}
	most := wholeSettings[name]
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, name + " is " + strconv.Quote(text) + ", which is not a whole number from 0 to " + strconv.Itoa(most) + "."
	}
	return n, ""
}

// checkSettings refuses numbers and conditions that can never be read. What a
// variable decides is seen only when it is run.
func checkSettings(owner string, properties map[string]kind.Property, c *fault.Complaints) {
	for _, name := range slices.Sorted(maps.Keys(wholeSettings)) {
		text := properties[name].Text
		if strings.Contains(text, "#{") {
			continue
		}
		if _, complaint := WholeSetting(name, text); complaint != "" {
			c.Add("%s: the property %s", owner, complaint)
		}
	}
	for _, name := range []string{SettingStepCondition, SettingActionCondition} {
		if _, err := octostache.Parse(properties[name].Text); err != nil {
			c.Add("%s: the run condition in the property %s cannot be read: %v.", owner, name, err)
		}
	}
}
