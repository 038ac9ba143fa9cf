package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// row is one line of the result.
type row struct {
	what       string
	ours, peer string // with units
	ratio      float64
	limit      float64 // what ratio may be at most; 0 when absolute says it
	target     string
	met        *bool // nil for a line that only informs
}

// compare makes a row of two medians of which the smaller is the better.
func compare(what, unit string, ours, peer, limit float64) row {
	r := row{what: what, ours: number(ours) + " " + unit, peer: number(peer) + " " + unit, ratio: ours / peer, limit: limit}
	if limit > 0 {
		met := r.ratio <= limit
		r.met, r.target = &met, "≤ "+number(limit)+" ×"
	}
	return r
}

// atMost makes a row of a value with a limit of its own.
func atMost(what, unit string, ours, limit float64) row {
	met := ours <= limit
	return row{what: what, ours: number(ours) + " " + unit, target: "≤ " + number(limit) + " " + unit, met: &met}
}

func inform(what, ours, peer string) row { return row{what: what, ours: ours, peer: peer} }

func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return 0
	}
	if len(s)%2 == 0 {
		return (s[len(s)/2-1] + s[len(s)/2]) / 2
	}
	return s[len(s)/2]
}

// render gives the section of a part.
func render(title string, rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n", title, facts())
	b.WriteString("| | Tako | compared with | ratio | target | |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		ratio, met := "", ""
		if r.ratio > 0 {
			ratio = number(r.ratio)
		}
		if r.met != nil {
			met = "missed"
			if *r.met {
				met = "met"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.ours, r.peer, ratio, r.target, met)
	}
	return b.String()
}

// facts says where, when and of what a section was measured.
func facts() string {
	commit := "unknown"
	if out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("%s, commit %s, %d × %s, %s of memory, Linux %s, %s, load %s at the end.", time.Now().UTC().Format("2006-01-02 15:04 UTC"), commit,
		runtime.NumCPU(), processor(), installed(), strings.TrimSpace(read("/proc/sys/kernel/osrelease")), runtime.Version(), strings.SplitN(read("/proc/loadavg"), " ", 2)[0])
}

func read(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}

func processor() string {
	if m := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindStringSubmatch(read("/proc/cpuinfo")); m != nil {
		return m[1]
	}
	return runtime.GOARCH
}

func installed() string {
	var kib float64
	if _, err := fmt.Sscanf(read("/proc/meminfo"), "MemTotal: %f", &kib); err != nil {
		return "an unknown amount"
	}
	return fmt.Sprintf("%.0f GiB", kib/1024/1024)
}

const intro = "Written by `bench/run`; README.md beside this file says what is measured and how. Values are medians. The trials of deployments\n" +
	"that cannot be killed are written down from what their programs print."

// report is the file of results: a part that is measured again replaces only
// its own section.
type report struct {
	sections map[string]string
	others   []string // titles of the sections that other programs have measured
}

func readReport(file string) *report {
	r := &report{sections: map[string]string{}}
	for _, s := range strings.Split("\n"+read(file), "\n## ")[1:] {
		title, _, _ := strings.Cut(s, "\n")
		r.sections[title] = "## " + strings.TrimRight(s, "\n") + "\n"
		if !slices.ContainsFunc(parts, func(p part) bool { return p.title == title }) {
			r.others = append(r.others, title)
		}
	}
	return r
}

func (r *report) set(title, section string) { r.sections[title] = section }

func (r *report) write(file string) error {
	if file == "" {
		return nil
	}
	var b strings.Builder
	b.WriteString("# Results\n\n" + intro + "\n")
	for _, p := range parts {
		if s := r.sections[p.title]; s != "" {
			b.WriteString("\n" + s)
		}
	}
	for _, title := range r.others {
		b.WriteString("\n" + r.sections[title])
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}
