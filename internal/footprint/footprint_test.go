package footprint

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyUnchangedPagesOfTheProgramMayGo(t *testing.T) {
	const smaps = `00400000-01200000 r-xp 00000000 fe:00 12 /opt/tako
Rss:               14756 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
01200000-02000000 r--p 00e00000 fe:00 12 /opt/tako
Anonymous:             0 kB
02000000-02001000 r--p 01c00000 fe:00 12 /opt/tako
Anonymous:             4 kB
02001000-02100000 rw-p 01c01000 fe:00 12 /opt/tako
Anonymous:             0 kB
7f0000000000-7f0000001000 r--p 00000000 fe:00 13 /etc/localtime
Anonymous:             0 kB
7f0000002000-7f0000003000 rw-p 00000000 00:00 0
Anonymous:             0 kB
7f0000004000-7f0000005000 r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
`
	want := []span{{0x400000, 0x1200000}, {0x1200000, 0x2000000}}
	if diff := cmp.Diff(want, unchanged(strings.NewReader(smaps), "/opt/tako"), cmp.AllowUnexported(span{})); diff != "" {
		t.Error(diff)
	}
}

func TestTheProgramGoesOnAfterItsPagesAreGivenBack(t *testing.T) {
	if _, err := os.Stat("/proc/self/smaps"); err != nil {
		t.Skip("the system does not tell what is mapped: ", err)
	}
	if err := Shrink(); err != nil {
		t.Fatal(err)
	}
	// What runs now was unmapped a moment ago.
	text, err := os.ReadFile("/proc/self/status")
	if err != nil || !strings.Contains(string(text), "VmRSS") {
		t.Errorf("the status reads %q, %v", text, err)
	}
}
