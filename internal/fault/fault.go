// Package fault defines the errors a caller can act on.
//
// Everything that can go wrong in a way the caller may mend is one of six
// codes; a database that is away and a stored file that is damaged have each one
// of their own; any other error is internal
// and is reported as such, with a request id and no details.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of thing went wrong and therefore what a caller can do.
type Code int

// The codes. Internal is the zero value: an error of no known code.
const (
	Internal        Code = iota // not the caller's doing: 500
	Invalid                     // the request is wrong as written: 400
	Unauthenticated             // who is asking is not known: 401
	Forbidden                   // who is asking may not: 403
	NotFound                    // there is no such thing: 404
	Conflict                    // somebody else changed it, or it is in use: 409
	TooLarge                    // more was sent than is read: 413
	Unavailable                 // not now, try again: 503
	Away                        // the database is not there at the moment: 503
	Damaged                     // what is stored is not what came; it has to come again: 500
)

// Status is the HTTP status that reports the code. The numbers are written out
// because net/http would come with them into programs that serve nothing.
func (c Code) Status() int {
	switch c {
	case Invalid:
		return 400
	case Unauthenticated:
		return 401
	case Forbidden:
		return 403
	case NotFound:
		return 404
	case Conflict:
		return 409
	case TooLarge:
		return 413
	case Unavailable, Away:
		return 503
	}
	return 500
}

// Error is a failure with a code. Message is one sentence for a person;
// Details are further sentences, one per complaint, in the order found.
type Error struct {
	Code    Code
	Message string
	Details []string
	Cause   error
}

// problem is the message of an error whose details say all there is to say.
const problem = "There was a problem with your request."

// Error gives the message, followed by the details, or by the cause when there
// are none. A log has no request, so that the message of complaints is left out.
func (e *Error) Error() string {
	if len(e.Details) > 0 && e.Message == problem {
		return strings.Join(e.Details, " ")
	}
	if len(e.Details) > 0 {
		return e.Message + " " + strings.Join(e.Details, " ")
	}
	if e.Cause != nil {
		return strings.TrimSuffix(e.Message, ".") + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a code; format and args are those of fmt.Sprintf.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a code that keeps its cause.
func Wrap(code Code, cause error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Is has errors.Is find a database that is away anywhere among the causes.
func (e *Error) Is(other error) bool { return other == errAway && e.Code == Away }

var errAway = errors.New("the database is away")

// CodeOf finds the code of the first *Error in the chain; Internal if none. That
// the database is away counts before what was made of it on the way up: who
// found "no such account" behind it has not looked.
func CodeOf(err error) Code {
	var f *Error
	switch {
	case !errors.As(err, &f):
		return Internal
	case errors.Is(err, errAway):
		return Away
	}
	return f.Code
}

// Mendable reports whether a person can do something about err. All else is the
// server's own trouble, over which nothing of the caller's may fail for good.
func Mendable(err error) bool {
	code := CodeOf(err)
	return code != Internal && code != Away
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// Complaints collects what is wrong with one request, so that all of it is
// reported at once. The zero value is ready to use.
type Complaints []string

// Add notes one complaint; format and args are those of fmt.Sprintf.
func (c *Complaints) Add(format string, args ...any) {
	*c = append(*c, fmt.Sprintf(format, args...))
}

// Err is nil when nothing was noted, else an Invalid error with each complaint
// as a detail.
func (c Complaints) Err() error {
	if len(c) == 0 {
		return nil
	}
	return &Error{Code: Invalid, Message: problem, Details: c}
}
