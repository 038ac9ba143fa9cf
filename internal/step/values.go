package step

import (
	"strings"

	"github.com/takodeploy/tako/octostache"
)

// values are a job's variables and settings, for executors that run in the
// server itself.
type values struct{ d *octostache.Dictionary }

func newValues(job *Job) values {
	_, d := variables(job)
	return values{d}
}

// text is a value with its expressions evaluated; those that cannot be stay as
// they are.
func (v values) text(name string) string {
	raw, ok := v.d.Raw(name)
	if !ok {
		return ""
	}
	text, _ := v.d.EvaluateLenient(raw)
	return text
}

// list is a value that names several things with commas or semicolons between.
func (v values) list(name string) []string {
	var all []string
	for part := range strings.FieldsFuncSeq(v.text(name), func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }) {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func (v values) flag(name string) bool {
	text := strings.TrimSpace(v.text(name))
	return text != "" && octostache.Truthy(text)
}
