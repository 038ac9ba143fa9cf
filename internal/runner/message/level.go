package message

// Stream is where a line was written.
type Stream int

// The streams of a process.
const (
	Stdout Stream = iota
	Stderr
)

// Level is how a line is shown. Its values are the categories of the task log
// on the wire.
type Level string

// The levels. Lines at Ignored are not shown at all.
const (
	Info      Level = "Info"
	Verbose   Level = "Verbose"
	Highlight Level = "Highlight"
	Wait      Level = "Wait"
	Warning   Level = "Warning"
	Error     Level = "Error"
	Fatal     Level = "Fatal"
	Ignored   Level = "Ignored"
)

// A levelSwitch sets the level of the lines that follow on a stream.
type levelSwitch struct {
	stream Stream
	level  Level
}

// levelSwitches are the messages that do nothing else.
var levelSwitches = map[string]levelSwitch{
	"stdout-default":   {Stdout, Info},
	"stdout-verbose":   {Stdout, Verbose},
	"stdout-highlight": {Stdout, Highlight},
	"stdout-wait":      {Stdout, Wait},
	"stdout-warning":   {Stdout, Warning},
	"stdout-error":     {Stdout, Error},
	"stdout-fatal":     {Stdout, Fatal},
	"stdout-ignore":    {Stdout, Ignored},
	"stderr-default":   {Stderr, Error},
	"stderr-error":     {Stderr, Error},
	"stderr-progress":  {Stderr, Verbose},
	"stderr-ignore":    {Stderr, Ignored},
}

// Switch says which level the message sets for the lines that follow on which
// stream; ok is false for messages that set none. A Parser obeys them itself.
func (m Message) Switch() (stream Stream, level Level, ok bool) {
	s, ok := levelSwitches[m.Name]
	return s.stream, s.level, ok
}

// State is what a Parser knows between lines. It is kept with the cursor of a
// log so that lines after a restart are shown as they would have been.
type State struct {
	Stdout Level `json:",omitempty"`
	Stderr Level `json:",omitempty"`
}

// level is the level of a stream's lines.
func (s *State) level(stream Stream) Level {
	if stream == Stderr {
		if s.Stderr == "" {
			return Error
		}
		return s.Stderr
	}
	if s.Stdout == "" {
		return Info
	}
	return s.Stdout
}

// set changes the level of a stream's lines.
func (s *State) set(stream Stream, level Level) {
	if stream == Stderr {
		s.Stderr = level
	} else {
		s.Stdout = level
	}
}
