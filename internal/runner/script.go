package runner

// Syntax is the language of a script, by the name that the wire uses.
type Syntax string

// The syntaxes that can be run.
const (
	Bash       Syntax = "Bash"
	Python     Syntax = "Python"
	PowerShell Syntax = "PowerShell"
	CSharp     Syntax = "CSharp"
)

// Script is one script to run. Exactly one of Path and Body is set: Path is
// a file that is already there (it runs in its own folder's company, so that
// it finds its neighbours), Body is text that is never written to disk.
type Script struct {
	Syntax     Syntax // "" is taken from Path's extension
	Path       string
	Body       string
	Name       string // the file name that Body goes by, "" for Script.<extension>
	Dir        string // working directory, "" for the job's own
	Parameters string // arguments as one would type them in the script's language
	Raw        bool   // do not evaluate Octostache expressions in the text
}
