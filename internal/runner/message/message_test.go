package message

import "testing"

func TestFormat(t *testing.T) {
	got := Format("setVariable", Arg{"name", "a b"}, Arg{"value", ""}, Arg{"sensitive", "True"})
	if want := `##octopus[setVariable name="YSBi" value="" sensitive="VHJ1ZQ=="]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var p Parser
	events := p.Line(Stdout, got)
	if len(events) != 1 || events[0].Message == nil {
		t.Fatalf("it reads back as %v", say(events))
	}
	v, ok := events[0].Message.Variable()
	if want := (Variable{Name: "a b", Sensitive: true}); !ok || v != want {
		t.Errorf("got %+v, %t, want %+v", v, ok, want)
	}
}

func TestTypedReadings(t *testing.T) {
	message := func(name string, pairs ...string) Message {
		m := Message{Name: name, Args: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			m.Args[pairs[i]] = pairs[i+1]
		}
		return m
	}

	if v, ok := message("setVariable", "NAME", "n", "Value", "v", "sensitive", "true").Variable(); !ok || v != (Variable{"n", "v", true}) {
		t.Errorf("variable %+v, %t", v, ok)
	}
	if v, ok := message("setVariable", "name", "n", "sensitive", "False").Variable(); !ok || v != (Variable{"n", "", false}) {
		t.Errorf("variable without a value %+v, %t", v, ok)
	}
	if a, ok := message("createArtifact", "path", `C:\a\b.txt`, "length", "12").Artifact(); !ok || a != (Artifact{`C:\a\b.txt`, "b.txt", 12}) {
		t.Errorf("artifact %+v, %t", a, ok)
	}
	if a, ok := message("createArtifact", "path", "/a", "name", "n", "length", "-3").Artifact(); !ok || a != (Artifact{"/a", "n", 0}) {
		t.Errorf("artifact %+v, %t", a, ok)
	}
	if p, ok := message("progress", "percentage", " 140% ", "message", "m").Progress(); !ok || p != (Progress{100, "m"}) {
		t.Errorf("progress %+v, %t", p, ok)
	}
	if r, ok := message("resultMessage", "message", "m").Result(); !ok || r != "m" {
		t.Errorf("result %q, %t", r, ok)
	}
	if v, ok := message("mask", "value", "s").Mask(); !ok || v != "s" {
		t.Errorf("mask %q, %t", v, ok)
	}
	if stream, level, ok := message("stderr-progress").Switch(); !ok || stream != Stderr || level != Verbose {
		t.Errorf("switch %v, %v, %t", stream, level, ok)
	}
}

// TestTypedReadingsRefuse asks every reading of messages that lack what it needs.
func TestTypedReadingsRefuse(t *testing.T) {
	for _, name := range []string{"setVariable", "createArtifact", "progress", "resultMessage", "mask", "foo"} {
		m := Message{Name: name, Args: map[string]string{"other": "x"}}
		_, variable := m.Variable()
		_, artifact := m.Artifact()
		_, progress := m.Progress()
		_, result := m.Result()
		_, mask := m.Mask()
		_, _, level := m.Switch()
		if variable || artifact || progress || result || mask || level {
			t.Errorf("%s was read from nothing: %t %t %t %t %t %t", name, variable, artifact, progress, result, mask, level)
		}
	}
}
