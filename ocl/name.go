package ocl

import (
	"strings"
	"unicode"
)

// SnakeCase turns the name of a member into the one that files have for it:
// DefaultGuidedFailureMode into default_guided_failure_mode.
func SnakeCase(name string) string {
	var b strings.Builder
	before := ' '
	for _, r := range name {
		if before >= 'a' && before <= 'z' && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		before = r
		if r == ' ' {
			r = '_'
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// SameName tells whether two names mean the same to a reader, who heeds
// neither case nor underscores.
func SameName(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, "_", ""), strings.ReplaceAll(b, "_", ""))
}
