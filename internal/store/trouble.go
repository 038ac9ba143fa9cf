package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/takodeploy/tako/internal/fault"
)

// Unreachable reports whether err comes from a database server that is away:
// it restarts, or the network to it is cut. The same call may well succeed a
// little later. Of a unit that writes nobody knows, until they look, whether it
// was committed.
func Unreachable(err error) bool { return fault.Is(err, fault.Away) }

func away(err error) error { return fault.Wrap(fault.Away, err, "the database is away") }

// full says of a write that found no room what to do. The whole of its unit is
// undone.
func full(err error) error {
	return fault.Wrap(fault.Unavailable, err, "The disk that the server's database is on is full, and nothing was changed. Make room on it and try again.")
}

// trouble marks what the driver says when the server is away, or its disk full. It is applied
// where the driver is called, so that no other broken connection is mistaken
// for the database's.
func trouble(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "57P01", "57P02", "57P03", "53300", "25P03":
			// Shutdown, crash, start; too many connections; a unit of a node
			// that stood still was ended.
			return away(err)
		}
		if strings.HasPrefix(pg.Code, "08") { // connection exceptions
			return away(err)
		}
		if pg.Code == "53100" {
			return full(err)
		}
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) && (lite.Code()&0xff == sqlitelib.SQLITE_FULL || lite.Code() == sqlitelib.SQLITE_IOERR_SHMSIZE) {
		return full(err)
	}
	var connecting *pgconn.ConnectError
	var broken net.Error
	switch {
	case errors.As(err, &connecting), errors.As(err, &broken) && !broken.Timeout(), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, pgconn.ErrConnClosed), errors.Is(err, net.ErrClosed):
		return away(err)
	}
	return err
}
