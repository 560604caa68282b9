package quality

// defaultModel has the constants of DefaultConfig and is never written to.
var defaultModel = mustDefault()

func mustDefault() *Model {
	m, err := New(DefaultConfig())
	if err != nil {
		panic(err) // does not depend on input
	}
	return m
}
