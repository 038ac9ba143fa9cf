package variable

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// MinSecretLength is how many characters a secret needs to be masked: masking
// shorter ones would riddle every log.
const MinSecretLength = 4

// minSecretLine is how long a line of a longer secret must be to be masked on
// its own. Logs are read by line, but short lines of a key or a document are
// brackets and words that occur everywhere.
const minSecretLine = 8

// Secrets are the texts to mask in logs, longest first. Short names the
// variables whose secret is too short to mask, so that authors can be warned.
// The evaluate function gives a template's text; a secret is masked both as
// written and as evaluated.
func (r *Resolution) Secrets(evaluate func(string) string) (secrets, short []string) {
	seen := map[string]bool{}
	for _, w := range r.winners {
		if !w.Sensitive || w.Value == "" {
			continue
		}
		texts := []string{w.Value}
		if evaluate != nil && strings.Contains(w.Value, "#{") {
			texts = append(texts, evaluate(w.Value))
		}
		masked := false
		for _, text := range texts {
			masked = addSecret(seen, text) || masked
		}
		if !masked {
			short = append(short, w.Name)
		}
	}
	for text := range seen {
		secrets = append(secrets, text)
	}
	slices.SortFunc(secrets, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	return secrets, short
}

// addSecret notes a text and the lines of it, and says whether it will be masked.
func addSecret(seen map[string]bool, text string) bool {
	whole := strings.TrimSpace(text)
	if utf8.RuneCountInString(whole) < MinSecretLength {
		return false
	}
	seen[whole] = true
	if !strings.ContainsAny(whole, "\r\n") {
		return true
	}
	for line := range strings.Lines(whole) {
		line = strings.TrimSpace(line)
		if utf8.RuneCountInString(line) >= minSecretLine && !strings.HasPrefix(line, "-----") {
			seen[line] = true
		}
	}
	return true
}
