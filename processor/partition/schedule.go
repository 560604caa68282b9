package partition

// schedule is a heap of calls by the time at which something is to be done; ids break ties, so that the order of rows
// depends on nothing else.
type schedule []*call

func (s schedule) less(i, j int) bool {
	a, b := s[i], s[j]
	if a.dueAt != b.dueAt {
		return a.dueAt < b.dueAt
	}
	if a.id != b.id {
		return a.id < b.id
	}
	if a.tenant != b.tenant {
		return a.tenant < b.tenant
	}
	return a.heir == b // the elder first
}

func (s schedule) swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].place, s[j].place = i, j
}

// set puts a call at a time, where it is or anew.
func (s *schedule) set(c *call, due int64) {
	if c.place >= 0 && c.dueAt == due {
		return
	}
	c.dueAt = due
	if c.place < 0 {
		c.place = len(*s)
		*s = append(*s, c)
	}
	s.up(c.place)
	s.down(c.place)
}

func (s *schedule) remove(c *call) {
	i, last := c.place, len(*s)-1
	if i < 0 {
		return
	}
	s.swap(i, last)
	(*s)[last] = nil
	*s = (*s)[:last]
	c.place = -1
	if i < last {
		moved := (*s)[i]
		s.up(moved.place)
		s.down(moved.place)
	}
}

func (s schedule) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !s.less(i, parent) {
			return
		}
		s.swap(i, parent)
		i = parent
	}
}

func (s schedule) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(s) {
			return
		}
		if child+1 < len(s) && s.less(child+1, child) {
			child++
		}
		if !s.less(child, i) {
			return
		}
		s.swap(i, child)
		i = child
	}
}
