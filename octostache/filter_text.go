package octostache

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

func toLower(input string) string { return strings.ToLower(input) }
func toUpper(input string) string { return strings.ToUpper(input) }

func trim(input string, args []string) (string, bool) {
	if len(args) == 0 {
		return strings.TrimSpace(input), true
	}
	switch strings.ToLower(args[0]) {
	case "start":
		return strings.TrimLeftFunc(input, isBlank), true
	case "end":
		return strings.TrimRightFunc(input, isBlank), true
	}
	return "", false
}

func isBlank(r rune) bool { return strings.TrimSpace(string(r)) == "" }

// length and slice count in UTF-16 units, as the language always has.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(max(r, 0))
	}
	return n
}

func slice(s string, from, to int) string {
	if isASCII(s) {
		return s[from:to]
	}
	return string(utf16.Decode(utf16.Encode([]rune(s))[from:to]))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func truncate(input string, args []string) (string, bool) {
	if len(args) == 0 {
		return "", false
	}
	count, ok := dotnet.ParseInt(args[0])
	if !ok || count < 0 {
		return "", false
	}
	if count >= length(input) {
		return input, true
	}
	suffix := "..."
	if len(args) > 1 {
		suffix = args[1]
	}
	return slice(input, 0, count) + suffix, true
}

func substring(input string, args []string) (string, bool) {
	if len(args) == 0 || len(args) > 2 {
		return "", false
	}
	var numbers [2]int // start and count
	for i, arg := range args {
		n, ok := dotnet.ParseInt(arg)
		if !ok || n < 0 {
			return "", false
		}
		numbers[2-len(args)+i] = n
	}
	start, total := numbers[0], length(input)
	if start > total {
		return "", false
	}
	return slice(input, start, start+min(numbers[1], total-start)), true
}

func indent(input string, args []string) (string, bool) {
	if input == "" {
		return "", true
	}
	first, rest := "    ", "    "
	switch len(args) {
	case 0:
	case 1:
		first, rest = indents(args[0])
	case 2:
		first, rest = args[0], args[1]
	default:
		return "", false
	}
	return first + strings.ReplaceAll(input, "\n", "\n"+rest), true
}

// indents reads "n", "a/b" or "/b" as numbers of blanks and anything else as
// the text to put in front.
func indents(arg string) (first, rest string) {
	before, after, both := strings.Cut(arg, "/")
	if !both {
		before, after = arg, arg
	}
	a, ok := indentSize(before)
	if both && before == "" {
		ok = true
	}
	b, fits := indentSize(after)
	if !ok || !fits {
		return arg, arg
	}
	return strings.Repeat(" ", a), strings.Repeat(" ", b)
}

func indentSize(s string) (int, bool) {
	if len(s) == 0 || len(s) > 3 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 8)
	return int(n), err == nil
}

func startsWith(input string, args []string) (string, bool) {
	return judge(input, args, strings.HasPrefix)
}

func endsWith(input string, args []string) (string, bool) {
	return judge(input, args, strings.HasSuffix)
}

func contains(input string, args []string) (string, bool) {
	return judge(input, args, strings.Contains)
}

// judge asks a yes-or-no question that takes exactly one option.
func judge(input string, args []string, holds func(s, part string) bool) (string, bool) {
	if len(args) != 1 {
		return "", false
	}
	return strconv.FormatBool(holds(input, args[0])), true
}

func appendFilter(_ *evaluation, input *string, args []string) (*string, error) {
	return joined(input, args, func(input, added string) string { return input + added }), nil
}

func prependFilter(_ *evaluation, input *string, args []string) (*string, error) {
	return joined(input, args, func(input, added string) string { return added + input }), nil
}

// joined adds the options to the input, which may be missing.
func joined(input *string, args []string, join func(input, added string) string) *string {
	if len(args) == 0 {
		return nil
	}
	result := strings.Join(args, "")
	if input != nil {
		result = join(*input, result)
	}
	return &result
}
