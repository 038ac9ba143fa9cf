// Package ocl reads and writes OCL, the configuration language in which
// projects under version control keep their processes, settings and variables.
//
// A document is a tree of blocks and attributes. Parse reads exactly what the
// grammar allows and says where a text leaves it; Write prints a tree byte for
// byte like the programs that people's repositories come from, so that a file
// that is read and written again shows no difference.
package ocl

import "fmt"

// A Body is what a document or a block holds, in the order in which it is
// written.
type Body []Element

// An Element is a *Block or an *Attribute.
type Element interface {
	// Title is the name that the element is written under.
	Title() string
	// Where tells where in its document the element was read, and nothing for
	// one that was made.
	Where() Position
}

// A Block is a name, labels and a body of its own.
type Block struct {
	Name   string
	Labels []string
	Body   Body
	At     Position
}

// An Attribute is a name with a value.
type Attribute struct {
	Name  string
	Value Value
	At    Position
}

// A Value is one of nil, bool, int64, Decimal, string, Heredoc, Dictionary,
// and the lists []string, []int64 and []Decimal. Parse gives integers of 32
// bits; Write takes any.
type Value any

// A Decimal is a number with a fraction, in the digits that it was written in.
type Decimal string

// A Heredoc is a text that is written over several lines between tags.
type Heredoc struct {
	Text     string
	Tag      string
	Indented bool // written as <<- and moved to the right with its surroundings
}

// A Dictionary is a list of keys with values, which are no dictionaries again.
type Dictionary []Entry

// An Entry is one key of a dictionary.
type Entry struct {
	Key   string
	Value Value
	At    Position
}

// A Position is a place in a text, counted from 1; columns count characters.
type Position struct{ Line, Column int }

// Title is the block's name.
func (b *Block) Title() string { return b.Name }

// Where tells where the block begins.
func (b *Block) Where() Position { return b.At }

// Title is the attribute's name.
func (a *Attribute) Title() string { return a.Name }

// Where tells where the attribute begins.
func (a *Attribute) Where() Position { return a.At }

// An Error says where a text is not OCL, and why.
type Error struct {
	Position
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Text gives the text of a string or a heredoc; ok is false for other values.
func Text(v Value) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Heredoc:
		return v.Text, true
	}
	return "", false
}
