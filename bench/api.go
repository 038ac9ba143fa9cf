package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

// connections is how many clients ask at once.
const connections = 32

// kept is how many resources there are to read.
const kept = 200

// subject is a server as the load sees it.
type subject struct {
	addr, header string
	pid          int
	operations   []operation
}

// operation is one sort of request; "@" in its body becomes a new name.
type operation struct{ name, method, path, body string }

// burst makes the load of one operation. Round keeps names apart.
func (s subject) burst(o operation, round int, lasts time.Duration) burst {
	whole := request(o.method, s.addr, o.path, s.header, o.body)
	return burst{addr: s.addr, conns: connections, lasts: lasts, request: func(conn, n int) []byte {
		if o.body == "" {
			return whole
		}
		name := fmt.Sprintf("made-%d-%d-%d-%d", os.Getpid(), round, conn, n)
		return request(o.method, s.addr, o.path, s.header, strings.Replace(o.body, "@", name, 1))
	}}
}

const words = "One of many things that are there to be read, described in a sentence."

// twoServers fills both servers with the same resources and gives the same
// operations on each: environments on ours, since they are what every
// installation has, and records of equal members on the other.
func (b *bench) twoServers(t *tako, p *pocketBase) (ours, peer subject, err error) {
	var one rest.Object
	var other struct{ ID string }
	for i := range kept {
		name := fmt.Sprintf("thing-%d", i)
		if one, err = t.c.Post(space+"/environments", rest.Object{"Name": name, "Description": words}); err != nil {
			return
		}
		if err = p.do(p.token, "POST", "/api/collections/things/records", rest.Object{"name": name, "slug": name, "description": words, "order": i,
			"extensions": []any{}, "tags": rest.Object{"Self": "/api/things/" + name, "Machines": "/api/things/" + name + "/machines"}, "modifiedBy": "admin"}, &other); err != nil {
			return
		}
	}
	ours = subject{t.addr, "X-Octopus-ApiKey: " + t.key, t.pid(), []operation{
		{"GET one", "GET", space + "/environments/" + id(one), ""},
		{"list of 30", "GET", space + "/environments?skip=60&take=30", ""},
		{"create", "POST", space + "/environments", `{"Name":"@","Description":"` + words + `"}`},
	}}
	peer = subject{p.addr, "Authorization: " + p.token, p.pid(), []operation{
		{"GET one", "GET", "/api/collections/things/records/" + other.ID, ""},
		{"list of 30", "GET", "/api/collections/things/records?page=3&perPage=30", ""},
		{"create", "POST", "/api/collections/things/records", `{"name":"@","slug":"x","description":"` + words + `","order":1,"extensions":[],"tags":{},"modifiedBy":"admin"}`},
	}}
	return
}

// api measures the processor time that a server takes for a request, under a
// load that keeps it busy.
func (b *bench) api() ([]row, error) {
	t, err := b.newTako("api")
	if err != nil {
		return nil, err
	}
	p, err := b.newPocketBase("api-peer")
	if err != nil {
		return nil, err
	}
	ours, peer, err := b.twoServers(t, p)
	if err != nil {
		return nil, err
	}
	var rows []row
	for i := range ours.operations {
		more, err := b.operation(ours, peer, i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ours.operations[i].name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// operation measures one operation on both servers in turn.
func (b *bench) operation(ours, peer subject, i int) ([]row, error) {
	var cost, rate, wait [2][]float64
	var size [2]int
	for round := range b.rounds + 1 {
		for k, s := range []subject{ours, peer} {
			lasts := b.load
			if round == 0 {
				lasts = time.Second // to warm up
			}
			before := cpuOf(s.pid)
			a, err := s.burst(s.operations[i], round, lasts).run()
			if err != nil {
				return nil, err
			}
			spent := cpuOf(s.pid) - before
			if round == 0 {
				continue
			}
			cost[k] = append(cost[k], float64(spent.Microseconds())/float64(a.count))
			rate[k], wait[k] = append(rate[k], a.rate), append(wait[k], a.latency.Seconds()*1e3)
			size[k] = a.size
		}
	}
	name := ours.operations[i].name
	more := func(k int) string {
		return fmt.Sprintf("%s/s, p50 %s ms, %d bytes", number(median(rate[k])), number(median(wait[k])), size[k])
	}
	return []row{
		compare(name+", server processor time per request", "µs", median(cost[0]), median(cost[1]), 1),
		inform(name+", rate, wait, answer", more(0), more(1)),
	}, nil
}
