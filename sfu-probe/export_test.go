package sfuprobe

// SampleNow takes a sample of a probe that was not started.
func (p *Probe) SampleNow() { p.sample() }

// Changed is what a stream that begins or ends tells the probe.
func (p *Probe) Changed() { p.soon() }
