package delay

// queue orders packets by their release time: a binary heap.
type queue struct{ heap []*packet }

func (q *queue) head() *packet {
	if len(q.heap) == 0 {
		return nil
	}
	return q.heap[0]
}

func (q *queue) push(p *packet) {
	q.heap = append(q.heap, p)
	i := len(q.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if q.heap[up].at <= p.at {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = p
}

func (q *queue) pop() *packet {
	top := q.heap[0]
	last := len(q.heap) - 1
	p := q.heap[last]
	q.heap[last] = nil
	q.heap = q.heap[:last]
	if last == 0 {
		return top
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && q.heap[down+1].at < q.heap[down].at {
			down++
		}
		if p.at <= q.heap[down].at {
			break
		}
		q.heap[i] = q.heap[down]
		i = down
	}
	q.heap[i] = p
	return top
}
