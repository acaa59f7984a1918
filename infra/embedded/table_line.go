package embedded

import (
	"iter"
	"slices"
	"sort"
)

// lines are sorted texts by partition: sort keys, or positions in an index.
type lines map[string]*line

func (l lines) add(partition, at string) {
	if partition == "" {
		return
	}
	if l[partition] == nil {
		l[partition] = &line{}
	}
	l[partition].add(at)
}

func (l lines) remove(partition, at string) {
	if partition == "" {
		return
	}
	l[partition].remove(at)
	if len(l[partition].blocks) == 0 {
		delete(l, partition)
	}
}

// line is a set of texts in order, in blocks that are short enough to be moved
// about and many enough to be searched: with 100,000 rows an insertion costs
// microseconds wherever it falls. No block is empty.
type line struct{ blocks [][]string }

const blockSize = 512

func (l *line) first() string { return l.blocks[0][0] }

// find returns where at is, or would be.
func (l *line) find(at string) (block, i int) {
	if len(l.blocks) == 0 {
		return 0, 0
	}
	block = sort.Search(len(l.blocks), func(b int) bool { return l.blocks[b][0] > at })
	block = max(block-1, 0)
	i, _ = slices.BinarySearch(l.blocks[block], at)
	return block, i
}

func (l *line) add(at string) {
	if len(l.blocks) == 0 {
		l.blocks = [][]string{{at}}
		return
	}
	b, i := l.find(at)
	full := slices.Insert(l.blocks[b], i, at)
	l.blocks[b] = full
	if half := len(full) / 2; len(full) > blockSize {
		l.blocks[b] = full[:half:half]
		l.blocks = slices.Insert(l.blocks, b+1, slices.Clone(full[half:]))
	}
}

func (l *line) remove(at string) {
	b, i := l.find(at)
	l.blocks[b] = slices.Delete(l.blocks[b], i, i+1)
	if len(l.blocks[b]) == 0 {
		l.blocks = slices.Delete(l.blocks, b, b+1)
	}
}

// up walks forwards over everything that is not below from.
func (l *line) up(from string) iter.Seq[string] {
	return func(yield func(string) bool) {
		b, i := l.find(from)
		for ; b < len(l.blocks); b, i = b+1, 0 {
			for _, at := range l.blocks[b][i:] {
				if !yield(at) {
					return
				}
			}
		}
	}
}

// down walks backwards over everything below end.
func (l *line) down(end string) iter.Seq[string] {
	return func(yield func(string) bool) {
		b, i := l.find(end)
		for ; b >= 0 && b < len(l.blocks); b-- {
			for i--; i >= 0; i-- {
				if !yield(l.blocks[b][i]) {
					return
				}
			}
			if b > 0 {
				i = len(l.blocks[b-1])
			}
		}
	}
}
