// Package message reads the service messages that scripts write into their
// output, and tells them from the lines of the log.
//
// A service message is ##octopus[name key='value' ...] with every value in
// base64. Scripts use them to set output variables, hand over artifacts, report
// progress, mask secrets and choose how the lines that follow are shown. Both
// the server, for what comes from any agent, and the far end, for what its own
// scripts say, read them here.
//
// What is not a well-formed message is ordinary text, and no text is lost: what
// stands before or after a message on its line is a line of its own.
package message

import (
	"encoding/base64"
	"path"
	"strconv"
	"strings"
)

// Message is one service message.
type Message struct {
	Name string
	// Args has the decoded values under their keys as written; use Get, since
	// keys are the same whatever their case.
	Args map[string]string
}

// The names of the messages that have a typed reading below.
const (
	SetVariable    = "setVariable"
	CreateArtifact = "createArtifact"
	SetProgress    = "progress"
	ResultMessage  = "resultMessage"
	MaskValue      = "mask"
)

// Get finds an argument, ignoring the case of its key.
func (m Message) Get(key string) (value string, ok bool) {
	if value, ok = m.Args[key]; ok {
		return value, true
	}
	for k, v := range m.Args {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// Arg is a key and its value in a message to be written.
type Arg struct {
	Key   string
	Value string
}

// Format writes a message.
func Format(name string, args ...Arg) string {
	var b strings.Builder
	b.WriteString(introducer + "[" + name)
	for _, a := range args {
		b.WriteString(" " + a.Key + `="` + base64.StdEncoding.EncodeToString([]byte(a.Value)) + `"`)
	}
	b.WriteString("]")
	return b.String()
}

// Variable is an output variable that a script sets.
type Variable struct {
	Name      string
	Value     string
	Sensitive bool
}

// Variable reads a setVariable message; ok is false for any other and for one
// without a name. A missing value is an empty one, because the bash function
// leaves it out then.
func (m Message) Variable() (v Variable, ok bool) {
	if m.Name != SetVariable {
		return Variable{}, false
	}
	if v.Name, _ = m.Get("name"); v.Name == "" {
		return Variable{}, false
	}
	v.Value, _ = m.Get("value")
	sensitive, _ := m.Get("sensitive")
	v.Sensitive = strings.EqualFold(strings.TrimSpace(sensitive), "true")
	return v, true
}

// Artifact is a file at the far end that a script wants kept.
type Artifact struct {
	Path   string
	Name   string
	Length int64 // 0 if the script did not say
}

// Artifact reads a createArtifact message; ok is false for any other and for
// one without a path. A missing name is the last part of the path.
func (m Message) Artifact() (a Artifact, ok bool) {
	if m.Name != CreateArtifact {
		return Artifact{}, false
	}
	if a.Path, _ = m.Get("path"); a.Path == "" {
		return Artifact{}, false
	}
	if a.Name, _ = m.Get("name"); a.Name == "" {
		a.Name = path.Base(strings.ReplaceAll(a.Path, `\`, "/"))
	}
	length, _ := m.Get("length")
	if n, err := strconv.ParseInt(length, 10, 64); err == nil && n > 0 {
		a.Length = n
	}
	return a, true
}

// Progress is how far a script says that it has come.
type Progress struct {
	Percentage int // 0 to 100
	Message    string
}

// Progress reads a progress message; ok is false for any other and for one
// whose percentage is no number. Percentages out of range are brought into it.
func (m Message) Progress() (p Progress, ok bool) {
	if m.Name != SetProgress {
		return Progress{}, false
	}
	text, _ := m.Get("percentage")
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(text), "%"))
	if err != nil {
		return Progress{}, false
	}
	p.Percentage = min(100, max(0, n))
	p.Message, _ = m.Get("message")
	return p, true
}

// Result reads a resultMessage message: the reason of a failure in the script's
// own words.
func (m Message) Result() (text string, ok bool) {
	if m.Name != ResultMessage {
		return "", false
	}
	return m.Get("message")
}

// Mask reads a mask message: a value that no later line may show.
func (m Message) Mask() (value string, ok bool) {
	if m.Name != MaskValue {
		return "", false
	}
	return m.Get("value")
}
