package api

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"time"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "serverstatus/system-report", Handle: a.systemReport, Permission: administer, Summary: "What supporters want to know of the server, as a zip"},
	}
})

// systemReport packs what the server says of itself into one file. None of it
// is secret.
func (a *API) systemReport(r *Request) (any, error) {
	nodes, err := a.Tasks.Nodes(r.Context())
	if err != nil {
		return nil, err
	}
	parts := []struct {
		name string
		of   func(*Request) (any, error)
	}{
		{"server-status.json", a.serverStatus}, {"health.json", a.serverHealth}, {"system-info.json", a.systemInfo},
		{"document-counts.json", a.documentCounts},
		{"nodes.json", func(*Request) (any, error) { return nodes, nil }},
		{"log.json", func(*Request) (any, error) {
			if a.Logs == nil {
				return []LogEntry{}, nil
			}
			return a.Logs(), nil
		}},
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	now := time.Now()
	for _, part := range parts {
		value, err := part.of(r)
		if err != nil {
			return nil, fmt.Errorf("reporting %s: %w", part.name, err)
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: now})
		if err != nil {
			return nil, err
		}
		to := json.NewEncoder(w)
		to.SetIndent("", "  ")
		if err := to.Encode(value); err != nil {
			return nil, fmt.Errorf("reporting %s: %w", part.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	h := r.W.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "tako-report-" + now.UTC().Format("20060102-150405") + ".zip"}))
	r.written = true
	_, err = r.W.Write(file.Bytes())
	return Done{}, err
}
