package sfuprobe

// SampleNow takes a sample of a probe that was not started.
func (p *Probe) SampleNow() { p.sample() }
