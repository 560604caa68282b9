package sfuprobe

import "time"

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
	first := time.NewTimer(min(firstSampleAfter, p.cfg.Interval))
	defer first.Stop()
	select {
	case <-first.C:
		p.sample()
	case <-p.stop:
		return
	}
	ticks := time.NewTicker(p.cfg.Interval)
	defer ticks.Stop()
	var early <-chan time.Time
	taken := false
	for {
		select {
		case <-ticks.C:
			p.sample()
			early, taken = nil, false
		case <-p.news:
			if early == nil && !taken {
				early = time.After(min(newsAfter, p.cfg.Interval/4))
			}
		case <-early:
			p.sample()
			early, taken = nil, true
		case <-p.stop:
			return
		}
	}
}
