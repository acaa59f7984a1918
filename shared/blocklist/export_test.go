package blocklist

// In looks into another set.
func In(set, folded string) bool { return has(set, folded) }

// Count is how many passwords there are.
func Count() int { return int(word(commonest, 0)) }
