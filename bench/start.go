package main

// start measures from exec to the first healthy answer, with a warm file cache
// and a database that exists.
func (b *bench) start() ([]row, error) {
	t, err := b.newTako("start")
	if err != nil {
		return nil, err
	}
	p, err := b.newPocketBase("start-peer")
	if err != nil {
		return nil, err
	}
	if _, _, err := b.twoServers(t, p); err != nil {
		return nil, err
	}
	var ours, peer, oursCPU, peerCPU []float64
	for range b.rounds + 1 {
		t.stop()
		if err := t.up(); err != nil {
			return nil, err
		}
		ours, oursCPU = append(ours, t.took.Seconds()*1e3), append(oursCPU, fineCPU(t.pid()).Seconds()*1e3)
		p.stop()
		if err := p.up(); err != nil {
			return nil, err
		}
		peer, peerCPU = append(peer, p.took.Seconds()*1e3), append(peerCPU, fineCPU(p.pid()).Seconds()*1e3)
	}
	return []row{
		compare("exec to first healthy answer", "ms", median(ours[1:]), median(peer[1:]), 3),
		compare("processor time until then", "ms", median(oursCPU[1:]), median(peerCPU[1:]), 0),
	}, nil
}
