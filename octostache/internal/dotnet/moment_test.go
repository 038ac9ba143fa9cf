package dotnet

import (
	"testing"
	"time"
)

var noon = time.Date(2030, 5, 22, 12, 0, 0, 0, time.UTC)

func TestParseMoment(t *testing.T) {
	tests := map[string]string{
		"2030/05/22 09:05:00":           "2030-05-22T09:05:00.0000000",
		"2030-05-22":                    "2030-05-22T00:00:00.0000000",
		"2030-05-22T09:05:00":           "2030-05-22T09:05:00.0000000",
		"2030-05-22T09:05:00Z":          "2030-05-22T09:05:00.0000000Z",
		"2030-05-22T09:05:00.1234567Z":  "2030-05-22T09:05:00.1234567Z",
		"2030-05-22T09:05:00+02:00":     "2030-05-22T09:05:00.0000000+02:00",
		"2030-05-22 09:05 -0530":        "2030-05-22T09:05:00.0000000-05:30",
		"05/22/2030":                    "2030-05-22T00:00:00.0000000",
		"5/2/30 9:05 PM":                "2030-05-02T21:05:00.0000000",
		"12:30 AM":                      "2030-05-22T00:30:00.0000000",
		"3 PM":                          "2030-05-22T15:00:00.0000000",
		"22 May 2030":                   "2030-05-22T00:00:00.0000000",
		"22-May-2030 10:00":             "2030-05-22T10:00:00.0000000",
		"May 22, 2030":                  "2030-05-22T00:00:00.0000000",
		"May 2030":                      "2030-05-01T00:00:00.0000000",
		"Wed, 22 May 2030 09:05:00 GMT": "2030-05-22T09:05:00.0000000Z",
		"Thu, 22 May 2030 09:05:00 GMT": "",
		"2030-13-01":                    "",
		"2030-02-30":                    "",
		"hello World":                   "",
		"yyyy":                          "",
		"5":                             "",
		"1.5":                           "",
		"":                              "",
		"25:00":                         "",
		"2030-05-22T":                   "",
	}
	for text, want := range tests {
		m, ok := ParseMoment(text, noon)
		got := ""
		if ok {
			got, _ = m.Format("O")
		}
		if got != want {
			t.Errorf("ParseMoment(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFormatMoment(t *testing.T) {
	at := time.Date(2030, 5, 2, 9, 5, 7, 120_000_000, time.FixedZone("", 2*3600))
	offset := Moment{Time: at, Zone: Offset}
	naive := Moment{Time: at, Zone: NoZone}
	tests := []struct {
		moment Moment
		format string
		want   string
	}{
		{naive, "HH dd-MMM-yyy", "09 02-May-2030"},
		{naive, "d", "05/02/2030"},
		{naive, "D", "Thursday, 02 May 2030"},
		{naive, "F", "Thursday, 02 May 2030 09:05:07"},
		{naive, "", "05/02/2030 09:05:07"},
		{naive, "O", "2030-05-02T09:05:07.1200000"},
		{naive, "R", "Thu, 02 May 2030 09:05:07 GMT"},
		{offset, "", "05/02/2030 09:05:07 +02:00"},
		{offset, "O", "2030-05-02T09:05:07.1200000+02:00"},
		{offset, "R", "Thu, 02 May 2030 07:05:07 GMT"},
		{offset, "u", "2030-05-02 07:05:07Z"},
		{naive, "s", "2030-05-02T09:05:07"},
		{naive, "h:mm tt", "9:05 AM"},
		{naive, "%h", "9"},
		{naive, "yy M dddd dddM", "30 5 Thursday Thu5"},
		{naive, "ss.fff|ss.FFF|ss.fffffff", "07.120|07.12|07.1200000"},
		{offset, "z zz zzz", "+2 +02 +02:00"},
		{naive, "'at' HH\\h", "at 09h"},
		{naive, "yyyyy", "02030"},
		{naive, "MMM", "May"},
	}
	for _, tt := range tests {
		if got, ok := tt.moment.Format(tt.format); !ok || got != tt.want {
			t.Errorf("%q = %q, %v; want %q", tt.format, got, ok, tt.want)
		}
	}
	for _, format := range []string{"H", "Q", "ffffffff", "'open", "%"} {
		if got, ok := naive.Format(format); ok {
			t.Errorf("%q = %q, want a refusal", format, got)
		}
	}
}

func TestAdd(t *testing.T) {
	m, _ := ParseMoment("2030-05-22 09:05:00", noon)
	for _, tt := range []struct {
		count float64
		unit  time.Duration
		want  string
	}{
		{2, time.Hour, "2030-05-22T11:05:00.0000000"},
		{-0.5, time.Hour, "2030-05-22T08:35:00.0000000"},
		{1.5, 24 * time.Hour, "2030-05-23T21:05:00.0000000"},
		{365000, 24 * time.Hour, "3029-09-22T09:05:00.0000000"},
	} {
		moved, ok := m.Add(tt.count, tt.unit)
		if got, _ := moved.Format("O"); !ok || got != tt.want {
			t.Errorf("Add(%v) = %q, want %q", tt.count, got, tt.want)
		}
	}
	for _, count := range []float64{1e9, -1e9, 1e300} {
		if moved, ok := m.Add(count, 24*time.Hour); ok {
			t.Errorf("Add(%v) = %v, want a refusal", count, moved)
		}
	}
}

func TestParseURI(t *testing.T) {
	u, ok := ParseURI("HTTPS://user:pw@Octopus.com:8443/a/../docs%20x?filter=faq#top")
	if !ok || u.String() != "https://user:pw@octopus.com:8443/docs%20x?filter=faq#top" {
		t.Errorf("got %q, %v", u.String(), ok)
	}
	if u.LocalPath() != "/docs x" || u.HostAndPort() != "octopus.com:8443" || u.IsDefaultPort() || u.UserInfo != "user:pw" {
		t.Errorf("parts of %+v", u)
	}
	for text, want := range map[string]string{
		"https://octopus.com":   "https://octopus.com/",
		"http://[::1]:80/":      "http://[::1]/",
		"file:///c:/temp/a.txt": "file:///c:/temp/a.txt",
		`\\server\share\x`:      "file://server/share/x",
		"urn:isbn:1":            "urn:isbn:1",
	} {
		u, ok := ParseURI(text)
		if !ok || u.String() != want {
			t.Errorf("ParseURI(%q) = %q, %v; want %q", text, u.String(), ok, want)
		}
	}
	for _, text := range []string{"http://", "https://a b/", "http://x:99999/", "http://[zz]/"} {
		if u, ok := ParseURI(text); ok {
			t.Errorf("ParseURI(%q) = %+v, want a refusal", text, u)
		}
	}
	if u, ok := ParseURI("/docs"); !ok || u.Absolute {
		t.Errorf("/docs is %+v, %v", u, ok)
	}
}
