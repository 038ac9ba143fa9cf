package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// away is an error of a database server that is not there at the moment.
type away struct{ error }

func (a away) Unwrap() error { return a.error }

// Unreachable reports whether err comes from a database server that is away:
// it restarts, or the network to it is cut. The same call may well succeed a
// little later. Of a unit that writes nobody knows, until they look, whether it
// was committed.
func Unreachable(err error) bool {
	var a away
	return errors.As(err, &a)
}

// trouble marks what the driver says when the server is away. It is applied
// where the driver is called, so that no other broken connection is mistaken
// for the database's.
func trouble(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// Connection exceptions; shutdown, crash, start; too many connections.
		if strings.HasPrefix(pg.Code, "08") || pg.Code == "57P01" || pg.Code == "57P02" || pg.Code == "57P03" || pg.Code == "53300" {
			return away{err}
		}
		return err
	}
	var connecting *pgconn.ConnectError
	var broken net.Error
	switch {
	case errors.As(err, &connecting), errors.As(err, &broken) && !broken.Timeout(), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, pgconn.ErrConnClosed), errors.Is(err, net.ErrClosed):
		return away{err}
	}
	return err
}
