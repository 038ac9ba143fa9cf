package main

import (
	"time"
)

// idle measures the memory of a server that has deployed and then rested, and
// what a burst of requests makes of it.
func (b *bench) idle() ([]row, error) {
	t, err := b.newTako("idle")
	if err != nil {
		return nil, err
	}
	p, err := b.newPocketBase("idle-peer")
	if err != nil {
		return nil, err
	}
	plan, err := t.script("Idle", "echo hello")
	if err != nil {
		return nil, err
	}
	task, err := t.deploy(plan)
	if err != nil {
		return nil, err
	}
	if err := t.done(task, time.Minute); err != nil {
		return nil, err
	}
	ours, theirs, err := b.twoServers(t, p)
	if err != nil {
		return nil, err
	}
	time.Sleep(b.rest)
	rested, peerRested, err := bothMemories(t, p)
	if err != nil {
		return nil, err
	}
	cpu, peerCPU := fineCPU(t.pid()), fineCPU(p.pid())
	time.Sleep(b.rest / 2)
	cpu, peerCPU = fineCPU(t.pid())-cpu, fineCPU(p.pid())-peerCPU
	if err := b.loadAll(ours, theirs); err != nil {
		return nil, err
	}
	loaded, peerLoaded, err := bothMemories(t, p)
	if err != nil {
		return nil, err
	}
	time.Sleep(b.rest)
	after, peerAfter, err := bothMemories(t, p)
	if err != nil {
		return nil, err
	}
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / (b.rest / 2).Seconds() }
	rows := []row{
		atMost("resident after a deployment and a rest", "MiB", rested.rss, 40),
		atMost("private anonymous after a deployment and a rest", "MiB", rested.anonymous, 20),
		compare("resident, compared", "MiB", rested.rss, peerRested.rss, 4./3),
		atMost("resident right after API load, of that at rest", "×", loaded.rss/rested.rss, 3),
		atMost("resident a rest later, of that at rest", "×", after.rss/rested.rss, 1.25),
		inform("resident right after API load", number(loaded.rss)+" MiB", number(peerLoaded.rss)+" MiB"),
		inform("resident a rest later", number(after.rss)+" MiB", number(peerAfter.rss)+" MiB"),
		inform("private anonymous a rest later", number(after.anonymous)+" MiB", number(peerAfter.anonymous)+" MiB"),
		inform("private anonymous of the compared at rest", "", number(peerRested.anonymous)+" MiB"),
		inform("processor at rest", number(share(cpu))+" % of a core", number(share(peerCPU))+" % of a core"),
	}
	return rows, nil
}

// loadAll puts each operation of each server under load.
func (b *bench) loadAll(servers ...subject) error {
	for _, s := range servers {
		for _, o := range s.operations {
			if _, err := s.burst(o, 0, b.load).run(); err != nil {
				return err
			}
		}
	}
	return nil
}

func bothMemories(t *tako, p *pocketBase) (ours, peer memory, err error) {
	if ours, err = memoryOf(t.pid()); err != nil {
		return
	}
	peer, err = memoryOf(p.pid())
	return
}
