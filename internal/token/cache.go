package token

import (
	"container/list"
	"crypto/sha256"
	"sync"
)

type digest [sha256.Size]byte

// cache remembers tokens whose signature was found good, by their digest, so that no token lies about in memory. A token's
// times are checked at every use; new keys make it forget all.
type cache struct {
	most int

	mu         sync.Mutex
	generation uint64
	entries    map[digest]*list.Element
	order      *list.List // of entry, the one used last at the front
}

type entry struct {
	of     digest
	claims Claims
}

func newCache(most int) *cache {
	return &cache{most: most, entries: map[digest]*list.Element{}, order: list.New()}
}

func (c *cache) get(of digest) (Claims, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.entries[of]
	if !ok {
		return Claims{}, false
	}
	c.order.MoveToFront(el)
	e, ok := el.Value.(*entry)
	return e.claims, ok
}

// put remembers claims that were verified with the keys of a generation.
func (c *cache) put(of digest, claims Claims, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most == 0 || generation != c.generation || c.entries[of] != nil {
		return
	}
	if c.order.Len() >= c.most {
		last := c.order.Back()
		if e, ok := c.order.Remove(last).(*entry); ok {
			delete(c.entries, e.of)
		}
	}
	c.entries[of] = c.order.PushFront(&entry{of, claims})
}

func (c *cache) current() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generation
}

func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.entries)
	c.order.Init()
}
