package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLiveTail follows the log of a task by way of the node that has not got it
// and, from the middle on, of the one that has. Each line says when it was
// written: each must come once and in order, and how long they take is printed.
func TestLiveTail(t *testing.T) {
	count := scale("TAKO_CLUSTER_TAIL", 20, 300)
	c := newCluster(t, 2)
	c.furnish(1)
	c.drain(c.nodes[0], true)
	body := fmt.Sprintf(`i=0
while [ $i -lt %d ]; do i=$((i+1)); echo "tick $i $(date +%%s%%3N)"; sleep 0.1; done`, count)
	c.project("Clock", script("Tell", body, "web"))
	task := c.deploy("Clock")
	path := space + "/ui/events?topics=task:" + task + ":log@0"
	var took []time.Duration
	cursor := ""
	for i, n := range c.nodes {
		cursor = n.follow(path, cursor, func(line string, now time.Time) (more bool) {
			var number int
			var written int64
			if found, _ := fmt.Sscanf(line, "tick %d %d", &number, &written); found == 2 {
				took = append(took, now.Sub(time.UnixMilli(written)))
				if number != len(took) {
					t.Errorf("line %d came after %d lines", number, len(took)-1)
				}
			}
			return len(took) < count*(i+1)/len(c.nodes)
		})
	}
	if by := c.by(task); by != c.nodes[1].name {
		t.Errorf("%s has the task", by)
	}
	c.wait(task, "Success", time.Minute)
	for i, part := range [][]time.Duration{took[:count/2], took[count/2:]} {
		slices.Sort(part)
		t.Logf("by way of %s, from a line on its target to its reader: median %v, p99 %v, worst %v over %d lines",
			c.nodes[i].name, part[len(part)/2], part[len(part)*99/100], part[len(part)-1], len(part))
	}
}

// follow reads a stream of events behind a cursor and gives each line of logs to
// take until that wants no more. It gives the cursor behind what was taken; lines
// that came together are all taken.
func (n *node) follow(path, cursor string, take func(line string, now time.Time) (more bool)) string {
	n.c.Helper()
	ctx, stop := context.WithTimeout(n.c.Context(), 2*time.Minute)
	defer stop()
	q, err := http.NewRequestWithContext(ctx, "GET", n.Client.URL+path, nil)
	n.must(err)
	q.Header.Set("X-Octopus-ApiKey", n.APIKey)
	if cursor != "" {
		q.Header.Set("Last-Event-ID", cursor)
	}
	r, err := http.DefaultClient.Do(q)
	n.must(err)
	defer r.Body.Close()
	event, id := "", ""
	for in := bufio.NewReader(r.Body); ; {
		text, err := in.ReadString('\n')
		n.must(err)
		switch name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": "); {
		case name == "event":
			event = value
		case name == "id":
			id = value
		case name == "data" && event == "log":
			var news struct {
				Lines []struct{ MessageText string }
			}
			n.must(json.Unmarshal([]byte(value), &news))
			more, now := true, time.Now()
			for _, l := range news.Lines {
				more = take(l.MessageText, now)
			}
			if !more {
				if id == "" {
					n.c.Fatal("the event has no id")
				}
				return id
			}
		}
	}
}
