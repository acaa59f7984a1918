package district

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sparekey/sparekey/shared/table"
)

// ErrUnknown says that there is no such district.
var ErrUnknown = errors.New("no such district")

// Key is where a district's settings are kept.
func Key(slug string) table.Key { return table.K("DISTRICT", slug).At("CONFIG") }

// Directory finds districts. It keeps what it has read for a while, so that a
// request costs no read: a changed setting is in force everywhere after Fresh.
type Directory struct {
	Table table.Table
	Now   func() time.Time
	Fresh time.Duration // how long what was read is good for; zero: until forgotten

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	District
	at time.Time
}

// Find gives a district's settings; ErrUnknown, or an error of the table. Of a
// name that cannot be one, the table is not asked.
func (d *Directory) Find(ctx context.Context, slug string) (District, error) {
	if !ValidSlug(slug) {
		return District{}, ErrUnknown
	}
	if found, ok := d.remembered(slug); ok {
		return found, nil
	}
	items, err := d.Table.Get(ctx, Key(slug))
	if err != nil {
		return District{}, fmt.Errorf("read district: %w", err)
	}
	if !items[0].Exists() {
		return District{}, ErrUnknown
	}
	row, err := table.As[District](items[0])
	if err != nil {
		return District{}, err
	}
	d.remember(row.Value)
	return row.Value, nil
}

func (d *Directory) remembered(slug string) (District, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.kept[slug]
	if !ok || d.Fresh > 0 && d.Now().Sub(k.at) >= d.Fresh {
		return District{}, false
	}
	return k.District, true
}

func (d *Directory) remember(found District) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[string]kept{}
	}
	d.kept[found.Slug] = kept{District: found, at: d.Now()}
}

// Forget drops everything remembered.
func (d *Directory) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept = nil
}

// With reads settings, by the names of the configuration, over those in force. A
// list is replaced whole. A name that no setting has is a mistake to hear of: a
// switch that was misspelled would stay as it was.
func (d District) With(settings []byte) (District, error) {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(settings, &named); err != nil {
		return d, fmt.Errorf("settings: %w", err)
	}
	// Decoding over a list would leave in an item what its predecessor had.
	if named["announcements"] != nil {
		d.Announcements = nil
	}
	if named["other_products"] != nil {
		d.OtherProducts = nil
	}
	dec := json.NewDecoder(bytes.NewReader(settings))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("settings: %w", err)
	}
	return d, nil
}

// Save puts a district's settings into force, or tells what is wrong with them.
func Save(ctx context.Context, store table.Store, d District) error {
	if err := d.Check(); err != nil {
		return err
	}
	return store.Update(ctx, []table.Key{Key(d.Slug)}, func(items []table.Item) ([]table.Op, error) {
		row, err := table.As[District](items[0])
		row.Value = d
		return []table.Op{row.Put()}, err
	})
}
