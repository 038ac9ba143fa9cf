package message

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// position says where in a message a builder is.
type position int

const (
	beforeBracket position = iota // right after the introducer
	beforeName
	inName
	beforeKey // white space was seen
	inKey
	afterKey
	beforeValue
	inValue
	afterValue
)

// A builder takes a message up to its closing bracket, one byte at a time, and
// refuses the first byte with which it cannot become well-formed any more. That
// a message is refused so early keeps ordinary text flowing that only begins
// like one. Line ends inside a message do not count.
type builder struct {
	at        position
	bracketed bool
	quote     byte
	token     []byte // what is being read: the name, a key or a value
	name      string
	key       string
	args      map[string]string
}

// take reads one byte and says whether the message may still become one.
func (b *builder) take(c byte) bool {
	if c == '\r' || c == '\n' {
		// Without its bracket a message has to end on its line.
		return b.bracketed || c == '\r'
	}
	blank := c == ' ' || c == '\t'
	switch b.at {
	case beforeBracket, beforeName:
		return b.takeStart(c, blank)
	case inName:
		if blank {
			b.name, b.at = b.finishToken(), beforeKey
			return true
		}
		return b.takeNameByte(c)
	case beforeKey:
		if blank {
			return true
		}
		b.at = inKey
		return b.takeNameByte(c)
	case inKey, afterKey:
		return b.takeKey(c, blank)
	case beforeValue:
		if c == '\'' || c == '"' {
			b.quote, b.at = c, inValue
			return true
		}
		return blank
	case inValue:
		return b.takeValue(c, blank)
	default:
		b.at = beforeKey
		return blank
	}
}

func (b *builder) takeStart(c byte, blank bool) bool {
	switch {
	case c == '[':
		b.at, b.bracketed = beforeName, true
		return true
	case blank:
		return b.at == beforeBracket
	default:
		b.at = inName
		return b.takeNameByte(c)
	}
}

func (b *builder) takeKey(c byte, blank bool) bool {
	switch {
	case c == '=':
		b.key, b.at = b.finishToken(), beforeValue
		return true
	case blank:
		b.at = afterKey
		return true
	default:
		return b.at == inKey && b.takeNameByte(c)
	}
}

func (b *builder) takeValue(c byte, blank bool) bool {
	switch {
	case c == b.quote:
		b.at = afterValue
		return b.finishValue()
	case blank:
		return true
	default:
		b.token = append(b.token, c)
		return isLetterOrDigit(c) || c == '+' || c == '/' || c == '='
	}
}

// takeNameByte adds to a name or a key what may stand in one.
func (b *builder) takeNameByte(c byte) bool {
	first := len(b.token) == 0
	b.token = append(b.token, c)
	if c >= utf8.RuneSelf || c == '_' {
		return true
	}
	if first {
		return isLetterOrDigit(c) && (c < '0' || c > '9')
	}
	return isLetterOrDigit(c) || c == '-' || c == '.'
}

// finishToken takes the token that is complete.
func (b *builder) finishToken() string {
	token := string(b.token)
	b.token = b.token[:0]
	return token
}

// finishValue decodes a value; it refuses one that is no base64 and one whose
// key, whatever its case, has a value already.
func (b *builder) finishValue() bool {
	value, err := base64.StdEncoding.DecodeString(b.finishToken())
	if err != nil || !utf8.ValidString(b.key) {
		return false
	}
	if _, taken := (Message{Args: b.args}).Get(b.key); taken {
		return false
	}
	if b.args == nil {
		b.args = map[string]string{}
	}
	b.args[b.key] = strings.ToValidUTF8(string(value), "\uFFFD")
	return true
}

// finish gives the message if it may end here.
func (b *builder) finish() (Message, bool) {
	if b.at == inName {
		b.name, b.at = b.finishToken(), beforeKey
	}
	if b.at != beforeKey && b.at != afterValue || !utf8.ValidString(b.name) {
		return Message{}, false
	}
	return Message{Name: b.name, Args: b.args}, true
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
