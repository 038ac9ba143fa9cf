package configure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Files gives the files below dir that a pattern matches, sorted. "*", "?" and
// "[a-z]" match within a name, "**" any number of folders, "{a,b}" either. Case
// does not matter, and a backslash separates like a slash, since patterns are
// often written for Windows. A name that exists as written matches itself.
func Files(dir, pattern string) ([]string, error) {
	matches, err := Glob(dir, pattern)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(matches, func(p string) bool {
		info, err := os.Stat(p)
		return err != nil || !info.Mode().IsRegular()
	}), nil
}

// Glob is Files with folders.
func Glob(dir, pattern string) ([]string, error) {
	pattern = strings.ReplaceAll(strings.TrimSpace(pattern), `\`, "/")
	if pattern == "" {
		return nil, nil
	}
	literal := filepath.FromSlash(pattern)
	if !filepath.IsAbs(literal) {
		literal = filepath.Join(dir, literal)
	}
	if _, err := os.Lstat(literal); err == nil {
		return []string{filepath.Clean(literal)}, nil
	}
	found := map[string]bool{}
	for _, one := range braces(pattern) {
		base := dir
		if filepath.IsAbs(filepath.FromSlash(one)) {
			volume := filepath.VolumeName(filepath.FromSlash(one))
			base, one = volume+string(filepath.Separator), one[len(volume):]
		}
		if err := expand(base, strings.Split(strings.Trim(one, "/"), "/"), found); err != nil {
			return nil, fmt.Errorf("find files like %s: %w", pattern, err)
		}
	}
	matches := make([]string, 0, len(found))
	for p := range found {
		matches = append(matches, p)
	}
	slices.Sort(matches)
	return matches, nil
}

// expand adds what the parts of a pattern match below base.
func expand(base string, parts []string, found map[string]bool) error {
	if len(parts) == 0 {
		found[base] = true
		return nil
	}
	part, rest := parts[0], parts[1:]
	switch part {
	case "", ".":
		return expand(base, rest, found)
	case "..":
		return expand(filepath.Dir(base), rest, found)
	case "**":
		return expandDeep(base, rest, found)
	}
	matches, err := nameMatcher(part)
	if err != nil {
		return err
	}
	return eachEntry(base, func(e fs.DirEntry) error {
		if !matches(e.Name()) {
			return nil
		}
		p := filepath.Join(base, e.Name())
		if len(rest) > 0 {
			// A link to a folder that is named in the pattern is followed.
			if info, err := os.Stat(p); err != nil || !info.IsDir() {
				return nil
			}
		}
		return expand(p, rest, found)
	})
}

// expandDeep applies the rest of a pattern in base and in all folders below it.
// Links are not followed there: they may go round in circles.
func expandDeep(base string, rest []string, found map[string]bool) error {
	if len(rest) == 0 {
		rest = []string{"*"}
	}
	if err := expand(base, rest, found); err != nil {
		return err
	}
	return eachEntry(base, func(e fs.DirEntry) error {
		if !e.IsDir() {
			return nil
		}
		return expandDeep(filepath.Join(base, e.Name()), rest, found)
	})
}

// eachEntry visits the entries of a folder; one that is not there has none.
func eachEntry(dir string, visit func(fs.DirEntry) error) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

// nameMatcher compiles the pattern of one name.
func nameMatcher(part string) (func(string) bool, error) {
	if !strings.ContainsAny(part, "*?[") {
		return func(name string) bool { return strings.EqualFold(name, part) }, nil
	}
	var re strings.Builder
	re.WriteString("(?is)^")
	for i := 0; i < len(part); i++ {
		switch c := part[i]; c {
		case '*':
			re.WriteString(".*")
		case '?':
			re.WriteString(".")
		case '[':
			end := strings.IndexByte(part[i:], ']')
			if end < 2 {
				re.WriteString(`\[`)
				continue
			}
			class := part[i+1 : i+end]
			negate := ""
			if class[0] == '!' && len(class) > 1 {
				negate, class = "^", class[1:]
			}
			re.WriteString("[" + negate + strings.ReplaceAll(strings.ReplaceAll(class, `\`, `\\`), "[", `\[`) + "]")
			i += end
		default:
			re.WriteString(regexp.QuoteMeta(part[i : i+1]))
		}
	}
	re.WriteString("$")
	compiled, err := regexp.Compile(re.String())
	if err != nil {
		return nil, err
	}
	return compiled.MatchString, nil
}

// braces writes out the alternatives of a pattern.
func braces(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}
	}
	depth, start := 0, open+1
	var options []string
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '{':
			depth++
		case ',':
			if depth == 1 {
				options = append(options, pattern[start:i])
				start = i + 1
			}
		case '}':
			if depth--; depth > 0 {
				continue
			}
			var all []string
			for _, option := range append(options, pattern[start:i]) {
				all = append(all, braces(pattern[:open]+option+pattern[i+1:])...)
			}
			return all
		}
	}
	return []string{pattern} // never closed: an ordinary character
}
