package fault

import (
	"errors"
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
		{c.Err(), `There was a problem with your request. Name must not be empty. Size is "x".`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
