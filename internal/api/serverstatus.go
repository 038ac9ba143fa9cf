package api

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "serverstatus"
	return []Route{
		{Method: "GET", Pattern: at, Handle: a.serverStatus, Summary: "What state the server is in", Answer: serverStatus{}},
		{Method: "GET", Pattern: at + "/health", Handle: a.serverHealth, Summary: "Whether the cluster does its work", Answer: serverHealth{}},
		{Method: "GET", Pattern: at + "/system-info", Handle: a.systemInfo, Permission: administer, Summary: "What the server runs on", Answer: systemInfo{}},
		{Method: "GET", Pattern: at + "/counts", Handle: a.documentCounts, Permission: administer, Summary: "How many documents there are"},
		{Method: "GET", Pattern: at + "/timezones", Handle: a.timezones, Summary: "The time zones that schedules can have", Answer: []timezone{}},
		{Method: "GET", Pattern: at + "/logs", Handle: a.serverLogs, Permission: administer, Query: []string{"includeDetail", "skip", "take"}, Summary: "The server's latest log lines", Answer: []LogEntry{}},
		{Method: "GET", Pattern: at + "/extensions", Handle: a.extensions, Summary: "Extensions of the server, of which there are none", Answer: []string{}},
	}
})

// serverStatus is the state of the server. It does not look for newer versions
// of itself, so that none is ever on offer.
type serverStatus struct {
	ID                                      string `json:"Id"`
	IsDatabaseEncrypted                     bool
	IsUpgradeAvailable                      bool
	IsMajorMinorUpgrade                     bool
	MaximumAvailableVersion                 string
	MaximumAvailableVersionCoveredByLicense string
	MaintenanceExpires                      string
	IsInMaintenanceMode                     bool
	IsPotentialClone                        bool
	Links                                   map[string]string
}

func (a *API) serverStatus(r *Request) (any, error) {
	v, err := a.live.Values(r.Context())
	if err != nil {
		return nil, err
	}
	const self = "/api/serverstatus"
	return serverStatus{
		ID: "serverstatus", IsDatabaseEncrypted: true, // its secrets are sealed
		MaximumAvailableVersion: a.Version, MaximumAvailableVersionCoveredByLicense: a.Version, IsInMaintenanceMode: v.Maintenance.IsInMaintenanceMode,
		Links: map[string]string{"Self": self, "Health": self + "/health", "SystemInfo": self + "/system-info", "Counts": self + "/counts",
			"Timezones": self + "/timezones", "RecentLogs": self + "/logs{?skip,take,includeDetail}", "ExtensionStats": self + "/extensions"},
	}, nil
}

type serverHealth struct {
	IsOperatingNormally          bool
	Description                  string
	IsEntireClusterReadOnly      bool
	IsEntireClusterDrainingTasks bool
	IsCompliantWithLicense       bool
	Links                        map[string]string
}

func (a *API) serverHealth(r *Request) (any, error) {
	nodes, err := a.Tasks.Nodes(r.Context())
	if err != nil {
		return nil, err
	}
	alive, draining := 0, 0
	for i := range nodes {
		if nodes[i].Alive {
			alive++
			if nodes[i].Draining {
				draining++
			}
		}
	}
	h := serverHealth{IsCompliantWithLicense: true, IsEntireClusterDrainingTasks: alive > 0 && draining == alive, Links: map[string]string{"Self": "/api/serverstatus/health"}}
	switch h.IsOperatingNormally = alive > draining; {
	case alive == 0:
		h.Description = "No node takes tasks: none has said anything for a while."
	case h.IsEntireClusterDrainingTasks:
		h.Description = "No node takes tasks: all of them are being drained."
	default:
		h.Description = "The server is operating normally."
	}
	if a.NoRoom != nil {
		if trouble := a.NoRoom(); trouble != "" {
			h.IsOperatingNormally, h.Description = false, trouble
		}
	}
	return h, nil
}

type systemInfo struct {
	Version            string
	OSVersion          string
	WorkingSetBytes    int64
	ClrVersion         string
	ThreadCount        int
	MinThreadPoolCount int
	Uptime             string
	Links              map[string]string
}

// began is when the program started, as near as it can know.
var began = time.Now()

func (a *API) systemInfo(*Request) (any, error) {
	return systemInfo{
		Version: a.Version, OSVersion: osVersion(), WorkingSetBytes: workingSet(), ClrVersion: runtime.Version(),
		ThreadCount: runtime.NumGoroutine(), MinThreadPoolCount: runtime.GOMAXPROCS(0),
		Uptime: catalog.FormatTimeSpan(time.Since(began).Truncate(time.Second)), Links: map[string]string{"Self": "/api/serverstatus/system-info"},
	}, nil
}

func osVersion() string {
	name := runtime.GOOS + " " + runtime.GOARCH
	if release, err := os.ReadFile("/etc/os-release"); err == nil {
		for line := range strings.Lines(string(release)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
				name = strings.Trim(value, `"`) + " (" + name + ")"
			}
		}
	}
	return name
}

// workingSet is the memory that the program has, from the kernel where that
// tells, else as the runtime counts it.
func workingSet() int64 {
	if data, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(data)); len(fields) > 1 {
			if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

// counted are the types that are counted, by the groups in which clients look.
var counted = map[string]map[string]string{
	"Global":         {"Spaces": "Spaces", "Teams": "Teams", "Users": "Users"},
	"Infrastructure": {"DeploymentTargets": "Machines", "Environments": "Environments", "Tenants": "Tenants", "WorkerPools": "WorkerPools", "Workers": "Workers"},
	"Library":        {"Certificates": "Certificates", "Packages": "BuiltInPackages", "VariableSets": "LibraryVariableSets"},
	"Project":        {"Deployments": "Deployments", "Projects": "Projects", "Releases": "Releases", "RunbookRuns": "RunbookRuns", "Runbooks": "Runbooks"},
}

func (a *API) documentCounts(r *Request) (any, error) {
	counts := map[string]map[string]int{}
	err := r.View(func(tx *store.Tx) error {
		for group, types := range counted {
			counts[group] = map[string]int{}
			for name, plural := range types {
				k, ok := kind.Lookup(plural)
				if !ok {
					continue
				}
				_, total, err := k.ListRaw(tx, kind.Query{AnySpace: !k.Info().System, Take: 1})
				if err != nil {
					return err
				}
				counts[group][name] = total
			}
		}
		return nil
	})
	return counts, err
}

// LogEntry is a line of the server's own log.
type LogEntry struct {
	Number      int
	Category    string
	OccurredAt  time.Time
	MessageText string
	Detail      string
}

// serverLogs gives the latest lines of the node that answers, newest first.
func (a *API) serverLogs(r *Request) (any, error) {
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	all := []LogEntry{}
	if a.Logs != nil {
		all = append(all, a.Logs()...)
	}
	all = all[min(skip, len(all)):]
	all = all[:min(take, len(all))]
	if !r.Bool("includeDetail") {
		for i := range all {
			all[i].Detail = ""
		}
	}
	return all, nil
}

func (a *API) extensions(*Request) (any, error) { return []string{}, nil }
