package octostache

import (
	"fmt"
	"strings"
)

// EvaluationError says why a text could not be evaluated in full. The text that
// came back with it is still usable when only tokens are missing, and is the
// original text when Cause is set.
type EvaluationError struct {
	// Missing holds the canonical text of every token without a value, each
	// once, in the order of their appearance.
	Missing []string
	// Cause is what stopped the evaluation: a *ParseError, *LoopError,
	// *FilterError or *LimitError. It is nil when only tokens are missing.
	Cause error
}

// Error gives the cause, or the sentence that lists the missing tokens.
func (e *EvaluationError) Error() string {
	if e.Cause != nil {
		return e.Cause.Error()
	}
	return "The following tokens were unable to be evaluated: '" + strings.Join(e.Missing, "', '") + "'"
}

// Unwrap gives the cause to errors.As and errors.Is.
func (e *EvaluationError) Unwrap() error { return e.Cause }

// ParseError says where a template stopped making sense.
type ParseError struct {
	Offset int // bytes from the beginning of the text
	Line   int // counted from 1
	Column int // counted from 1, in characters
}

// Error names the place.
func (e *ParseError) Error() string {
	return fmt.Sprintf("the template cannot be parsed at line %d, column %d", e.Line, e.Column)
}

// parseErrorAt turns a byte offset into a place a reader can find.
func parseErrorAt(text string, offset int) *ParseError {
	offset = min(offset, len(text))
	before := text[:offset]
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return &ParseError{Offset: offset, Line: line, Column: column}
}

// LoopError says that a variable's value leads back to the variable.
type LoopError struct {
	Symbol string
	Path   []string // the symbols on the way, outermost first
}

// Error shows the loop.
func (e *LoopError) Error() string {
	return fmt.Sprintf("An attempt to parse the variable symbol \"%s\" appears to have resulted in a self referencing loop (%s -> %s). Ensure that recursive loops do not exist in the variable values.",
		e.Symbol, strings.Join(e.Path, " -> "), e.Symbol)
}

// FilterError says that a filter refused its input outright.
type FilterError struct {
	Filter string
	Cause  error
}

// Error names the filter and its complaint.
func (e *FilterError) Error() string { return fmt.Sprintf("filter %s: %v", e.Filter, e.Cause) }

// Unwrap gives the filter's own error.
func (e *FilterError) Unwrap() error { return e.Cause }

// LimitError says that a template asked for more than any honest one does.
type LimitError struct{ What string }

// Error names the limit.
func (e *LimitError) Error() string { return "the template exceeds the limit of " + e.What }

// The limits keep hostile templates from exhausting the stack, the memory or
// the patience of the server. Each is far above what real projects reach.
const (
	maxNesting   = 300       // constructs within constructs in one template
	maxDepth     = 500       // values within values, options and loops while evaluating
	maxSteps     = 1_000_000 // tokens evaluated and symbols looked up for one text
	maxBytes     = 64 << 20  // text produced for one text, its own length aside
	maxJSONDepth = 64        // objects and arrays within each other
)
