package journey

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ticking is a script that counts its runs in a file and says one line after
// another until a file appears.
func ticking(word, dir string) string {
	return fmt.Sprintf(`echo "%[1]s" >> %[2]s/%[1]s.runs
i=0
while [ ! -e %[2]s/%[1]s.gate ]; do i=$((i+1)); echo "%[1]s line $i"; sleep 0.02; done
echo "%[1]s ended after $i"
set_octopusvariable Last "%[1]s-$i"
set_octopusvariable Hidden "%[1]s-hidden" -sensitive
`, word, dir)
}

// survive kills the server again and again while a script ticks, then lets the
// script end.
func (w *world) survive(task, word, dir string, times int) {
	w.Helper()
	w.until(word+" starts", time.Minute, func() bool { return w.read(filepath.Join(dir, word+".runs")) != "" })
	seen := 0
	for range times {
		// Each life of the server takes a part of the log in.
		w.until("the log of "+word+" grows", time.Minute, func() bool {
			n := strings.Count(w.raw(task), word+" line ")
			if n <= seen {
				return false
			}
			seen = n
			return true
		})
		w.kill()
		w.start()
	}
	w.write(filepath.Join(dir, word+".gate"), "")
}

// ranOnce checks that a script ran once and that each of its lines is in the
// log once, in order.
func (w *world) ranOnce(all []line, word, dir string) {
	w.Helper()
	if runs := w.read(filepath.Join(dir, word+".runs")); runs != word+"\n" {
		w.Errorf("%s ran %d times", word, strings.Count(runs, "\n"))
	}
	next, last := 1, -1
	for _, l := range all {
		rest, ok := strings.CutPrefix(l.Text, word+" line ")
		if ok {
			if rest != fmt.Sprint(next) {
				w.Fatalf("line %s of %s comes where line %d should", rest, word, next)
			}
			next++
		}
		if rest, ok := strings.CutPrefix(l.Text, word+" ended after "); ok {
			if _, err := fmt.Sscan(rest, &last); err != nil || last != next-1 {
				w.Errorf("%s: %q, but %d lines are there", word, l.Text, next-1)
			}
		}
	}
	if last < 0 {
		w.Errorf("the last line of %s is not there", word)
	}
}

// TestDeploymentsOutliveTheServer kills the server in the middle of a script on
// the built-in worker, in the middle of each script of a package on a target,
// and in the middle of a script on that target. Each runs once, the log has no
// gap, and the output variables reach the last step.
func TestDeploymentsOutliveTheServer(t *testing.T) {
	engines(t, func(w *world) {
		w.furnish()
		servers, _ := w.machines(1)
		dir := servers[0].Home
		w.push("Acme.Web.1.0.0.zip", zipped("index.html", "#{Greeting}\n", "PreDeploy.sh", ticking("pre", dir), "Deploy.sh", ticking("deploy", dir), "PostDeploy.sh", ticking("post", dir)))
		w.project("Acme", script("Local", ticking("local", dir), ""), w.unpack("Install", "Acme.Web", "web"), script("Remote", ticking("remote", dir), "web"),
			script("Sum up", `echo "local says $(get_octopusvariable "Octopus.Action[Local].Output.Last")"
echo "install says $(get_octopusvariable "Octopus.Action[Install].Output[web-1].Last")"
echo "remote says $(get_octopusvariable "Octopus.Action[Remote].Output[web-1].Last")"
[ "$(get_octopusvariable "Octopus.Action[Local].Output.Hidden")" = local-hidden ] && echo "the hidden value came through"
`, ""))
		task := w.deploy("Acme", w.release("Acme", nil), "Development", nil)
		words := []string{"local", "pre", "deploy", "post", "remote"}
		for n, word := range words {
			w.survive(task, word, dir, 1+n%2)
		}
		w.wait(task, "Success")
		all := w.lines(task)
		for _, word := range words {
			w.ranOnce(all, word, dir)
		}
		log := w.raw(task)
		for _, want := range []string{"local says local-", "install says post-", "remote says remote-", "the hidden value came through"} {
			if !strings.Contains(log, want) {
				w.Errorf("the log does not say %q", want)
			}
		}
		if w.Failed() {
			w.Log(log)
		}
	})
}
