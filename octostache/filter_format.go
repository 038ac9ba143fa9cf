package octostache

import (
	"errors"
	"strings"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

// errDateFormat is the complaint about a format that dates do not have.
var errDateFormat = errors.New("the format is not one for dates")

// format writes a number or a date by a .NET format string. Without a type,
// what reads as a number is a number and all else is tried as a date.
func format(e *evaluation, input *string, args []string) (*string, error) {
	if input == nil || len(args) == 0 || len(args) > 2 {
		return nil, nil
	}
	kind, picture := "", args[len(args)-1]
	if len(args) == 2 {
		kind = strings.ToLower(args[0])
		if kind == "" {
			return nil, nil
		}
	}
	if result, ok := e.formatAs(kind, *input, picture); ok {
		return &result, nil
	}
	return nil, nil
}

func (e *evaluation) formatAs(kind, input, picture string) (string, bool) {
	switch kind {
	case "":
		if n, ok := dotnet.ParseDecimal(input); ok {
			return n.Format(picture)
		}
		return e.formatOffset(input, picture)
	case "int", "int32":
		if n, ok := dotnet.ParseInt(input); ok {
			return dotnet.Int(n).Format(picture)
		}
	case "double":
		if n, ok := dotnet.ParseDouble(input); ok {
			return dotnet.Double(n).Format(picture)
		}
	case "decimal":
		if n, ok := dotnet.ParseDecimal(input); ok {
			return n.Format(picture)
		}
	case "date", "datetime":
		if m, ok := dotnet.ParseMoment(input, e.now()); ok {
			return m.Local(e.now().Location()).Format(picture)
		}
	case "datetimeoffset":
		return e.formatOffset(input, picture)
	}
	return "", false
}

// formatOffset treats the input as a date with an offset, the local one when
// it names none.
func (e *evaluation) formatOffset(input, picture string) (string, bool) {
	m, ok := dotnet.ParseMoment(input, e.now())
	if !ok {
		return "", false
	}
	return m.WithOffset(e.now().Location()).Format(picture)
}
