package api

import (
	"strings"
	"testing"
)

func TestStartMailTrial(t *testing.T) {
	h := newHarness(t)
	lead := []string{"X-Octopus-ApiKey", h.member("lea", "userroles-projectlead")}
	try := func(address string) map[string]any {
		return map[string]any{"Name": "TestEmail", "Arguments": map[string]any{"EmailAddress": address}}
	}
	if got := text(t, h.call(400, "POST", "/api/tasks", try("nobody"))); !strings.Contains(got, "EmailAddress is") {
		t.Errorf("an address that is none: %s", got)
	}
	h.call(403, "POST", "/api/tasks", try("ann@example.com"), lead...)
	made := h.call(201, "POST", "/api/tasks", try("ann@example.com"))
	if at(made, "Name") != "TestEmail" || at(made, "Description") != "Send a test message to ann@example.com" {
		t.Errorf("%s", text(t, made))
	}
}
