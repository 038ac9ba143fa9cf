package mask

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	// minCharacters is the least length of a secret that is masked.
	minCharacters = 4
	// minLineCharacters is the least length of a line of a secret that is
	// masked on its own. Shorter ones, such as a brace, mean nothing alone.
	minLineCharacters = 8
)

// secrets are the values that several maskers share.
type secrets struct {
	mu       sync.Mutex
	patterns map[string]bool
	short    []string
	machine  *automaton // nil when patterns were added since
}

// add enters values. White space around a value is not part of the pattern: a
// value that was read from a file has a line end that no log line shows. A value
// of several lines is looked for whole, with either kind of line end, and line
// by line, because programs print it so. Each of these is looked for as it is
// and as it is escaped in other texts.
func (s *secrets) add(values []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range values {
		if value == "" {
			continue
		}
		trimmed := strings.TrimSpace(value)
		if utf8.RuneCountInString(trimmed) < minCharacters {
			if !slices.Contains(s.short, value) {
				s.short = append(s.short, value)
			}
			continue
		}
		s.enter(trimmed)
		if !strings.Contains(trimmed, "\n") {
			for _, address := range addressings {
				s.put(address(trimmed))
			}
			continue
		}
		plain := strings.ReplaceAll(trimmed, "\r\n", "\n")
		s.enter(plain)
		s.enter(strings.ReplaceAll(plain, "\n", "\r\n"))
		for line := range strings.SplitSeq(plain, "\n") {
			if line = strings.TrimSpace(line); utf8.RuneCountInString(line) >= minLineCharacters {
				s.enter(line)
			}
		}
	}
}

// enter adds a text in all its forms.
func (s *secrets) enter(text string) {
	if s.patterns[text] {
		return
	}
	s.put(text)
	if strings.IndexFunc(text, escaped) < 0 {
		return
	}
	for _, escape := range escapings {
		s.put(escape(text))
	}
}

// escaped reports what some form escapes.
func escaped(r rune) bool {
	return r < ' ' || r > 126 || strings.ContainsRune("\"\\/<>&'+`", r)
}

func (s *secrets) put(pattern string) {
	if s.patterns[pattern] {
		return
	}
	if s.patterns == nil {
		s.patterns = map[string]bool{}
	}
	s.patterns[pattern] = true
	s.machine = nil
}

// automaton gives the automaton of all patterns, building it if there are new
// ones.
func (s *secrets) automaton() *automaton {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machine == nil {
		patterns := make([]string, 0, len(s.patterns))
		for p := range s.patterns {
			patterns = append(patterns, p)
		}
		s.machine = newAutomaton(patterns)
	}
	return s.machine
}

func (s *secrets) shortOnes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.short)
}
