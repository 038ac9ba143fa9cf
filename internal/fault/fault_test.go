package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorSaysWhatIsWrong(t *testing.T) {
	var c Complaints
	c.Add("Name must not be empty.")
	c.Add("Size is %q.", "x")
	for _, test := range []struct {
		err  error
		want string
	}{
		{New(NotFound, "There is no %s.", "cup"), "There is no cup."},
		{Wrap(Unavailable, errors.New("no route"), "Unreachable"), "Unreachable: no route"},
		{Wrap(Unavailable, errors.New("no route"), "The host does not answer."), "The host does not answer: no route"},
		{c.Err(), `Name must not be empty. Size is "x".`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestAwayCountsBeforeWhatWasMadeOfIt(t *testing.T) {
	away := Wrap(Away, errors.New("connection refused"), "the database is away")
	for _, test := range []struct {
		err      error
		want     Code
		mendable bool
	}{
		{nil, Internal, false},
		{New(TooLarge, "That is too much."), TooLarge, true},
		{errors.New("who knows"), Internal, false},
		{New(NotFound, "There is no %s.", "cup"), NotFound, true},
		{Wrap(Invalid, New(NotFound, "There is no cup."), "The table cannot be laid"), Invalid, true},
		{away, Away, false},
		{fmt.Errorf("reading: %w", away), Away, false},
		{Wrap(Invalid, fmt.Errorf("reading: %w", away), "The account cannot be used"), Away, false},
		{errors.Join(New(Conflict, "It is in use."), away), Away, false},
	} {
		if got := CodeOf(test.err); got != test.want || Is(test.err, test.want) != (test.err != nil) || Mendable(test.err) != test.mendable {
			t.Errorf("%v is %d, mendable %v", test.err, got, Mendable(test.err))
		}
	}
}
