package observertc

// check bounds nesting and the number of objects, which it gives, before anything is decoded. It is no validation: that comes
// with decoding.
func check(raw []byte, l Limits) (objects int, err error) {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		case '{':
			if objects++; objects > l.Pads {
				return objects, fail(TooMany, "more than %d objects in one sample", l.Pads)
			}
			depth++
		case '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth > l.Depth {
			return objects, fail(TooDeep, "JSON nested deeper than %d", l.Depth)
		}
	}
	return objects, nil
}
