package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/takodeploy/tako/internal/fault"
)

// Versions of the schema that are no numbers of migrations.
const (
	newest int64 = -1
	asItIs int64 = -2
)

// Attach opens a database that is there already and leaves its schema as it
// is: what administers a server must not upgrade it, and may run beside it.
func Attach(ctx context.Context, dir, databaseURL string) (*DB, error) {
	if databaseURL == "" {
		path := filepath.Join(dir, "tako.db")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.NotFound, "There is no database %s: name the server's data folder with --data, or its PostgreSQL with --database.", path)
		} else if err != nil {
			return nil, fmt.Errorf("looking for the database: %w", err)
		}
	}
	return openAt(ctx, dir, databaseURL, asItIs)
}
