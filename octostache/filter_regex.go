package octostache

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

const (
	// regexTimeout bounds one filter: backtracking can take forever.
	regexTimeout = time.Second
	// maxPattern bounds a pattern, whose compiler recurses.
	maxPattern = 16 << 10
)

// errBase64 is the complaint about a text that is not base64.
var errBase64 = errors.New("the input is not a valid Base-64 string")

// compile reads a .NET pattern.
func (e *evaluation) compile(pattern string) (*regexp2.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, &LimitError{What: "the length of a regular expression"}
	}
	return e.dictionary.cache.regexes.get(pattern, func(pattern string) (*regexp2.Regexp, error) {
		re, err := regexp2.Compile(pattern, regexp2.None)
		if err == nil {
			re.MatchTimeout = regexTimeout
		}
		return re, err
	})
}

// regexFailure tells a pattern that ran too long from other trouble.
func regexFailure(err error) error {
	if err != nil {
		return &LimitError{What: "time to match a regular expression"}
	}
	return nil
}

func match(e *evaluation, input *string, args []string) (*string, error) {
	if input == nil || len(args) != 1 {
		return nil, nil
	}
	re, err := e.compile(args[0])
	if err != nil {
		return nil, err
	}
	found, err := re.MatchString(*input)
	if err != nil {
		return nil, regexFailure(err)
	}
	result := strconv.FormatBool(found)
	return &result, nil
}

// replace replaces every match. It walks the matches itself so that time and
// output stay within bounds however many there are.
func replace(e *evaluation, input *string, args []string) (*string, error) {
	if input == nil || len(args) == 0 {
		return nil, nil
	}
	re, err := e.compile(args[0])
	if err != nil {
		return nil, err
	}
	pieces := []replacementPiece(nil)
	if len(args) > 1 {
		pieces = parseReplacement(re, args[1])
	}
	text := []rune(*input)
	deadline := time.Now().Add(regexTimeout)
	var out strings.Builder
	from := 0
	m, err := re.FindRunesMatch(text)
	for ; m != nil && err == nil; m, err = re.FindNextMatch(m) {
		before := out.Len()
		out.WriteString(string(text[from:m.Index]))
		for _, piece := range pieces {
			out.WriteString(piece.expand(m, text))
		}
		from = m.Index + m.Length
		if err := e.spend(out.Len() - before); err != nil {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, regexFailure(errors.ErrUnsupported)
		}
	}
	if err != nil {
		return nil, regexFailure(err)
	}
	out.WriteString(string(text[from:]))
	result := out.String()
	return &result, nil
}

// replacementPiece is literal text, or a part of the match.
type replacementPiece struct {
	literal string
	group   int  // when part is 'g'
	part    byte // 0 literal, 'g' group, '`' before, '\'' after, '_' all, '+' last group
}

func (p replacementPiece) expand(m *regexp2.Match, text []rune) string {
	switch p.part {
	case 'g':
		return m.GroupByNumber(p.group).String()
	case '`':
		return string(text[:m.Index])
	case '\'':
		return string(text[m.Index+m.Length:])
	case '_':
		return string(text)
	case '+':
		groups := m.Groups()
		return groups[len(groups)-1].String()
	}
	return p.literal
}

// parseReplacement understands $1, ${1}, ${name}, $&, $$ and the like. What
// names no group is literal.
func parseReplacement(re *regexp2.Regexp, text string) []replacementPiece {
	var pieces []replacementPiece
	for text != "" {
		at := strings.IndexByte(text, '$')
		if at < 0 {
			break
		}
		if at > 0 {
			pieces = append(pieces, replacementPiece{literal: text[:at]})
		}
		piece, size := replacementMark(re, text[at:])
		pieces = append(pieces, piece)
		text = text[at+size:]
	}
	return append(pieces, replacementPiece{literal: text})
}

// replacementMark reads one mark from its dollar sign.
func replacementMark(re *regexp2.Regexp, text string) (replacementPiece, int) {
	dollar := replacementPiece{literal: "$"}
	if len(text) < 2 {
		return dollar, 1
	}
	switch c := text[1]; c {
	case '$':
		return dollar, 2
	case '&':
		return replacementPiece{part: 'g'}, 2
	case '`', '\'', '_', '+':
		return replacementPiece{part: c}, 2
	case '{':
		name, _, closed := strings.Cut(text[2:], "}")
		if group, ok := groupNumber(re, name); closed && ok {
			return replacementPiece{part: 'g', group: group}, len(name) + 3
		}
		return dollar, 1
	}
	digits := text[1 : len(text)-len(strings.TrimLeft(text[1:], "0123456789"))]
	if group, ok := groupNumber(re, digits); ok {
		return replacementPiece{part: 'g', group: group}, len(digits) + 1
	}
	return dollar, 1
}

// groupNumber finds a group by its number or name.
func groupNumber(re *regexp2.Regexp, name string) (int, bool) {
	if number, err := strconv.Atoi(name); err == nil {
		return number, slices.Contains(re.GetGroupNumbers(), number)
	}
	if !slices.Contains(re.GetGroupNames(), name) {
		return 0, false
	}
	return re.GroupNumberFromName(name), true
}
