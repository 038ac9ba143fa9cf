package api

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // where the machine has no zones
)

//go:embed timezones.txt
var zoneNames string // of the IANA's database

type timezone struct {
	ID      string `json:"Id"`
	Name    string
	IsLocal bool
	Links   map[string]string
}

// timezones lists those of the zones that this machine knows, from west to
// east as they are now.
func (a *API) timezones(*Request) (any, error) {
	type placed struct {
		timezone
		offset int
	}
	now, local := time.Now(), localZone()
	var all []placed
	for name := range strings.FieldsSeq(zoneNames) {
		at, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		_, offset := now.In(at).Zone()
		all = append(all, placed{timezone{name, zoneLabel(name, offset), name == local, map[string]string{}}, offset})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.offset - b.offset })
	zones := make([]timezone, len(all))
	for i := range all {
		zones[i] = all[i].timezone
	}
	return zones, nil
}

func zoneLabel(name string, offset int) string {
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return fmt.Sprintf("(UTC%c%02d:%02d) %s", sign, offset/3600, offset/60%60, strings.ReplaceAll(name, "_", " "))
}

// localZone is the server's own zone, as far as it can be found out.
func localZone() string {
	switch name := time.Local.String(); name {
	case "UTC":
		return "Etc/UTC"
	case "Local":
		link, err := os.Readlink("/etc/localtime")
		if _, zone, ok := strings.Cut(link, "zoneinfo/"); err == nil && ok {
			return zone
		}
		return "Etc/UTC"
	default:
		return name
	}
}
