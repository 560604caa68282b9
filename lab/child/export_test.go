package child

// Kill kills the process of a lab.
func Kill(l *Lab) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.cmd.Process.Kill()
}
