package target

import (
	"errors"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// What can go wrong on the way to a machine. Errors wrap one of these beside
// a sentence that says which machine and what to do; errors.Is tells them
// apart.
var (
	ErrRefused        = errors.New("connection refused")
	ErrTimeout        = errors.New("no answer in time")
	ErrUnreachable    = errors.New("machine cannot be reached")
	ErrAuthentication = errors.New("login refused")
	ErrHostKey        = errors.New("host key is not the expected one")
	ErrPlatform       = errors.New("platform is not supported")
	ErrDiskFull       = errors.New("disk is full")
	ErrDisconnected   = errors.New("connection lost")
)

// problem carries a sentence for people, the kind for the program and the
// cause for the log.
type problem struct {
	fault *fault.Error
	kind  error
}

// Error is the sentence, and the cause after it.
func (p *problem) Error() string { return p.fault.Error() }

// Unwrap gives both what a program tells apart and what a person is told.
func (p *problem) Unwrap() []error { return []error{p.fault, p.kind} }

func newProblem(code fault.Code, kind, cause error, format string, args ...any) error {
	f := fault.New(code, format, args...)
	f.Cause = cause
	return &problem{fault: f, kind: kind}
}

// Temporary reports whether the same call may well succeed a little later.
func Temporary(err error) bool {
	for _, kind := range []error{ErrRefused, ErrTimeout, ErrUnreachable, ErrDisconnected} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// farEnd turns the far end's error into ours.
func farEnd(name string, err *wire.Error) error {
	switch err.Code {
	case wire.CodeDiskFull:
		return newProblem(fault.Unavailable, ErrDiskFull, nil, "%s: %s", name, err.Message)
	case wire.CodeInvalid:
		return fault.New(fault.Invalid, "%s: %s", name, err.Message)
	case wire.CodeNotFound:
		return fault.New(fault.NotFound, "%s: %s", name, err.Message)
	}
	return fault.New(fault.Internal, "%s: %s", name, err.Message)
}

// gone turns a broken stream into an error that says so.
func gone(name string, err error) error {
	return newProblem(fault.Unavailable, ErrDisconnected, err, "The connection to %s was lost.", name)
}
