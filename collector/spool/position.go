package spool

import (
	"fmt"
	"os"
	"path/filepath"
)

// positionName is the file that says where the drain was. It may be old, which repeats some messages, or missing, which
// repeats those of the files that are there.
const positionName = "position"

func (s *Spool) savePositionLocked() {
	s.saved = s.now()
	if err := s.disk.Replace(positionName, fmt.Appendf(nil, "%d %d\n", s.at.segment, s.at.offset)); err != nil {
		s.metrics.positionErrors.Inc()
	}
}

func loadPosition(dir string) cursor {
	var c cursor
	data, err := os.ReadFile(filepath.Join(dir, positionName))
	if err != nil {
		return c
	}
	end := byte(0)
	if n, err := fmt.Sscanf(string(data), "%d %d%c", &c.segment, &c.offset, &end); n != 3 || err != nil || end != '\n' || c.segment < 0 || c.offset < 0 {
		return cursor{}
	}
	return c
}
