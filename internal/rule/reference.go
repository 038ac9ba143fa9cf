package rule

import "strings"

// matchReference says whether a git reference matches a pattern, in which "*"
// is anything within one part of the name, "**" anything at all, and "?" one
// character. A pattern without "refs/" is held against the short name, so that
// "release/*" means branches and tags of that form.
func matchReference(pattern, reference string) bool {
	if strings.HasPrefix(pattern, "refs/") {
		return glob(pattern, fullReference(reference))
	}
	return glob(pattern, ShortReference(reference))
}

// shortReference leaves out where git keeps a reference.
func ShortReference(reference string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
		if short, ok := strings.CutPrefix(reference, prefix); ok {
			return short
		}
	}
	return reference
}

// fullReference takes a bare name for a branch.
func fullReference(reference string) string {
	if strings.HasPrefix(reference, "refs/") {
		return reference
	}
	return "refs/heads/" + reference
}

// glob matches the whole text. It keeps the set of places in the pattern that
// the text so far may have led to, so that no pattern takes more time than the
// product of both lengths.
func glob(pattern, text string) bool {
	p := []rune(pattern)
	at := make([]bool, len(p)+1)
	at[0] = true
	skipStars(p, at)
	for _, c := range text {
		next := make([]bool, len(p)+1)
		for i, here := range at[:len(p)] {
			if !here {
				continue
			}
			switch p[i] {
			case '*':
				// A star that is one of several may run over slashes.
				if c != '/' || i > 0 && p[i-1] == '*' || i+1 < len(p) && p[i+1] == '*' {
					next[i] = true
				}
			case '?':
				next[i+1] = next[i+1] || c != '/'
			default:
				next[i+1] = next[i+1] || p[i] == c
			}
		}
		at = next
		skipStars(p, at)
	}
	return at[len(p)]
}

// skipStars lets every star match nothing.
func skipStars(p []rune, at []bool) {
	for i, c := range p {
		if at[i] && c == '*' {
			at[i+1] = true
		}
	}
}
