package rule

import (
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/variable"
)

// releaseHistory is four releases in two channels, the last one lower.
func releaseHistory() []ReleaseRecord {
	at := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	return []ReleaseRecord{
		{Version: "3.1.4", ChannelID: "C1", Assembled: at(1)}, {Version: "3.2.0-rc.9", ChannelID: "C1", Assembled: at(3)},
		{Version: "2.7.1.8", ChannelID: "C2", Assembled: at(4)}, {Version: "2.7.0", ChannelID: "C2", Assembled: at(2)},
	}
}

func TestNextVersion(t *testing.T) {
	base := Numbering{
		Project: "Projects-1", Channel: variable.Ref{ID: "C1", Name: "Main"}, Channels: []variable.Ref{{ID: "C1", Name: "Main"}, {ID: "C2", Name: "Hot fix"}},
		Releases: releaseHistory(), Now: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		Variables: []variable.Value{
			{Name: "Major", Value: "7"}, {Name: "Minor", Value: "8", Scope: variable.Scope{Channel: []string{"C1"}}}, {Name: "Minor", Value: "9"},
			{Name: "Env", Value: "1", Scope: variable.Scope{Environment: []string{"E1"}}}, {Name: "Secret", Value: "s3cret", Sensitive: true},
		},
	}
	cases := []struct {
		name   string
		change func(*Numbering)
		want   string // or part of the error after "!"
	}{
		{"3.1 template", func(n *Numbering) { n.Template = "1.2.3" }, "1.2.3"},
		{"3.1 donor package", func(n *Numbering) { n.Donor = "4.05.6-beta" }, "4.05.6-beta"},
		{"3.1 donor must be a version", func(n *Numbering) { n.Donor = "latest" }, "!not a valid release version"},
		{"3.1 neither", func(*Numbering) {}, "!neither a template"},
		{"3.2 last and next of the release made last", func(n *Numbering) {
			n.Template = "#{Octopus.Version.LastMajor}.#{Octopus.Version.LastMinor}.#{Octopus.Version.NextPatch}.#{Octopus.Version.LastRevision}"
		}, "2.7.2.8"},
		{"3.2 of the channel", func(n *Numbering) {
			n.Template = "#{Octopus.Version.Channel.LastMajor}.#{Octopus.Version.Channel.LastMinor}.#{Octopus.Version.Channel.NextBuild}-#{Octopus.Version.Channel.NextSuffix}"
		}, "3.2.1-rc.10"},
		{"3.2 of another channel", func(n *Numbering) {
			n.Template = "#{Octopus.Version.Channel[Hot fix].LastMajor}.#{Octopus.Version.Channel[Hot fix].NextMinor}.0"
		}, "2.8.0"},
		{"3.2 first release", func(n *Numbering) {
			n.Releases, n.Template = nil, "#{Octopus.Version.LastMajor}.#{Octopus.Version.LastMinor}.#{Octopus.Version.NextPatch}"
		}, "0.0.1"},
		{"3.2 channel name", func(n *Numbering) { n.Template = "1.0.0-#{Octopus.Release.Channel.Name | ToLower}" }, "1.0.0-main"},
		{"3.2 date and time", func(n *Numbering) {
			n.Template = "#{Octopus.Date.Year}.#{Octopus.Date.Month}.#{Octopus.Date.Day}-t#{Octopus.Time.Hour}.#{Octopus.Time.Minute}.#{Octopus.Time.Second}.#{Octopus.Date.DayOfYear}"
		}, "2026.2.3-t4.5.6.34"},
		{"3.2 unscoped and channel-scoped variables", func(n *Numbering) { n.Template = "#{Major}.#{Minor}" }, "7.8"},
		{"3.2 of the other channel", func(n *Numbering) { n.Channel.ID, n.Template = "C2", "#{Major}.#{Minor}" }, "7.9"},
		{"3.2 no other scopes", func(n *Numbering) { n.Template = "1.#{Env}" }, "!cannot be evaluated"},
		{"3.2 no secrets", func(n *Numbering) { n.Template = "1.0-#{Secret}" }, "!cannot be evaluated"},
		{"3.3 mask", func(n *Numbering) { n.Template = "3.1.i" }, "3.1.5"},
		{"3.3 mask on the latest that agrees", func(n *Numbering) { n.Template = "2.7.c.i" }, "2.7.1.9"},
		{"3.3 mask without a release", func(n *Numbering) { n.Template = "9.i.c" }, "9.0.0"},
		{"3.3 mask after expansion", func(n *Numbering) { n.Template = "#{Octopus.Version.LastMajor}.i.0" }, "2.8.0.0"},
		{"3.5 must be valid", func(n *Numbering) { n.Template = "1.0.0 final" }, "!not a valid release version"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			n := base
			tc.change(&n)
			got, err := n.Next()
			if part, bad := strings.CutPrefix(tc.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), part) || !fault.Is(err, fault.Invalid) {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestUniqueness(t *testing.T) {
	all := []ReleaseRecord{{Version: "1.0.0"}, {Version: "2016.01.02"}, {Version: "3.0.0-Beta.1"}, {Version: "4.0.0+a"}}
	for _, tc := range []struct {
		name, text, taken string
	}{
		{"3.4 fourth part", "1.0.0.0", "1.0.0"}, {"3.4 fewer parts", "1.0", "1.0.0"}, {"3.4 leading zeros", "2016.1.2", "2016.01.02"},
		{"3.4 case of labels", "3.0.0-beta.1", "3.0.0-Beta.1"}, {"3.4 another label", "3.0.0-beta.2", ""}, {"3.4 metadata makes another", "4.0.0+b", ""},
		{"3.4 free", "1.0.1", ""},
	} {
		got, found := FindRelease(all, tc.text)
		if got.Version != tc.taken || found != (tc.taken != "") {
			t.Errorf("%s: got %q", tc.name, got.Version)
		}
		if err := CheckUnique(all, tc.text); (err != nil) != found {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestCheckReleaseVersion(t *testing.T) {
	for text, ok := range map[string]bool{
		"1.2.3": true, "1.2.3-beta.1+build": true, "1.2.3.4": true, "1.2.3.4-x": true, "1.0": true, "v1.2.3": true,
		"": false, " ": false, "1.2.3.4.5": false, "latest": false, "1.2.3 ": false, "1.2.3-": false, "1.i.0": false, strings.Repeat("1", 400): false,
	} {
		if err := CheckReleaseVersion(text); (err == nil) != ok {
			t.Errorf("3.5 %q: %v", text, err)
		}
	}
}

func FuzzReleaseVersion(f *testing.F) {
	for _, seed := range []string{"1.2.3", "1.i.c", "v1.0-beta.1+x", "", "1.0.i-c.i"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		next, err := ResolveMask(text, releaseHistory())
		if err != nil || CheckReleaseVersion(next) != nil {
			return
		}
		if _, found := FindRelease([]ReleaseRecord{{Version: next}}, next); !found {
			t.Errorf("%q is not the version it is", next)
		}
	})
}
