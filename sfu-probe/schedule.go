package sfuprobe

import "time"

// lookEvery is how often connections that are not connected yet are looked at: how exact a time to connect is.
const lookEvery = 50 * time.Millisecond

// newsAfter is how long after a change an early sample is taken: streams and forwards come in bursts.
const newsAfter = 250 * time.Millisecond

// soon asks for a sample before its time, since streams have come or gone or are forwarded otherwise: whoever waits for the
// path of somebody who has moved should not have to wait for the next tick as well.
func (p *Probe) soon() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// run samples on a steady grid: a late tick does not delay the ones after it. Between two ticks there is at most one early
// sample, whatever happens.
func (p *Probe) run() {
	defer close(p.done)
	// The first tick comes sooner, the grid of the others begins with it.
	ticks := time.NewTicker(min(firstSampleAfter, p.cfg.Interval))
	defer ticks.Stop()
	ticked := false
	var early, look, ping <-chan time.Time
	taken := false
	for {
		select {
		case <-ticks.C:
			if !ticked {
				ticks.Reset(p.cfg.Interval)
				ticked = true
			}
			p.sample()
			early, taken = nil, false
		case <-p.news:
			if ticked && early == nil && !taken {
				early = time.After(min(newsAfter, p.cfg.Interval/4))
			}
		case <-early:
			p.sample()
			early, taken = nil, true
		case <-p.watched:
			if look == nil {
				look = time.After(lookEvery)
			}
			if ping == nil {
				ping = time.After(pingEvery)
			}
		case <-look:
			look = nil
			if p.lookForConnected(time.Now()) {
				look = time.After(lookEvery)
			}
		case <-ping:
			ping = nil
			if p.ping() {
				ping = time.After(pingEvery)
			}
		case <-p.stop:
			return
		}
	}
}
