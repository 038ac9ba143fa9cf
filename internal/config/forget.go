package config

import (
	"os"
	"reflect"
	"strings"
)

// Forget takes every setting out of the environment of this process, once they
// have been read, so that no program the server starts inherits its secrets.
// What is meant for agents (TAKO_AGENT and the like) is no setting and stays.
func Forget() {
	for _, name := range settingNames(reflect.TypeFor[Server]()) {
		os.Unsetenv(name)
		os.Unsetenv(name + "_FILE")
	}
}

// settingNames lists the names of the environment that settings are read from.
func settingNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if from := f.Tag.Get("from"); from != "" {
			names = append(names, strings.Split(from, ",")...)
			continue
		}
		if f.Type.Kind() == reflect.Struct {
			names = append(names, settingNames(f.Type)...)
		}
	}
	return names
}
