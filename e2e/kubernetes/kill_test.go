package kubernetes

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestKilledServersLoseNothing kills the only server again and again while
// deployments run: each of them ends well, and each of its steps runs once.
func TestKilledServersLoseNothing(t *testing.T) {
	i, _ := install(t)
	ns := i.cluster.Namespace
	const rounds, each = 6, 3
	// A project for each: a newer deployment takes the place of one that waits.
	for n := range rounds * each {
		i.project(fmt.Sprint("Steady ", n), "echo begun; sleep 1; echo finished")
	}
	var tasks []string
	answers := func() bool { _, err := i.Get("/api/tasks?take=1"); return err == nil }
	for round := range rounds {
		i.until("the server answers", 2*time.Minute, answers)
		for range each {
			tasks = append(tasks, i.deploy(fmt.Sprint("Steady ", len(tasks))))
		}
		// At another moment of them in each round: once a script was seen to
		// have begun, so many polls later.
		last := tasks[len(tasks)-each+round%each]
		i.until("a deployment of the round is under way", time.Minute, func() bool {
			var log string
			return i.Do("GET", "/api/tasks/"+last+"/raw", nil, &log) == nil && (round%2 == 0 || strings.Contains(log, "begun"))
		})
		kubectl(t, "", "-n", ns, "delete", "pod", "tako-0", "--grace-period=0", "--force")
	}
	i.until("the server answers", 2*time.Minute, answers)
	for _, task := range tasks {
		state, log := i.end(task)
		if state != "Success" || strings.Count(log, "begun") != 1 || strings.Count(log, "finished") != 1 {
			t.Errorf("%s ended as %s:\n%s", task, state, log)
		}
		if pods := strings.Fields(kubectl(t, "", "-n", ns, "get", "pods", "-l", "tako.dev/task="+task, "-o", "name")); len(pods) != 1 {
			t.Errorf("%s had the pods %s", task, fmt.Sprint(pods))
		}
	}
}
