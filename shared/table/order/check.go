package order

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/table"
)

// The bounds lie inside DynamoDB's, so that no driver accepts what another
// refuses: 1024 bytes of sort key, 400 KB of item, 4 MB of transaction.
const (
	maxOps  = 100
	maxRows = 1000
	maxKey  = 900 // of a key's two parts together, and of a position
	maxBody = 350 << 10
	maxAll  = 3 << 20
)

// CheckWrite refuses ops that no driver could do. Its errors name kinds, never
// keys: usernames and addresses are parts of keys, and errors go into logs.
func CheckWrite(ops []table.Op) error {
	if len(ops) == 0 || len(ops) > maxOps {
		return fmt.Errorf("write of %d ops: want 1 to %d", len(ops), maxOps)
	}
	seen := make(map[table.Key]bool, len(ops))
	total := 0
	for _, op := range ops {
		if err := checkOp(op); err != nil {
			return fmt.Errorf("write %s: %w", op.Item.Kind(), err)
		}
		if seen[op.Item.Key] {
			return fmt.Errorf("write %s: two ops on one item", op.Item.Kind())
		}
		seen[op.Item.Key] = true
		total += len(op.Item.Body)
	}
	if total > maxAll {
		return fmt.Errorf("write of %d bytes: want at most %d", total, maxAll)
	}
	return nil
}

func checkOp(op table.Op) error {
	switch op.Act {
	case table.Put:
		return checkItem(op.Item)
	case table.Delete, table.Check:
		return CheckKey(op.Item.Key)
	default:
		return fmt.Errorf("no such act: %d", op.Act)
	}
}

func checkItem(i table.Item) error {
	switch {
	case i.Version == "":
		return errors.New("a put without a version")
	case len(i.Body) > maxBody:
		return fmt.Errorf("a body of %d bytes: want at most %d", len(i.Body), maxBody)
	case !utf8.Valid(i.Body):
		return errors.New("a body that is not UTF-8")
	case !plain(i.Due.Queue) || !plain(i.By.PK) || !plain(i.By.SK):
		return errors.New("an index that is not plain text")
	case len(Due(i)) > maxKey || len(By(i)) > maxKey || len(i.By.PK) > maxKey:
		return errors.New("too long a place in an index")
	case i.Due.Queue != "" && (i.Due.At.UTC().Year() < 0 || i.Due.At.UTC().Year() > 9999):
		return errors.New("due in a year without four digits")
	}
	return CheckKey(i.Key)
}

// CheckKey refuses keys that are empty, too long or not plain text.
func CheckKey(k table.Key) error {
	if k.PK == "" || k.SK == "" {
		return errors.New("an empty key")
	}
	if len(k.PK)+len(k.SK) > maxKey {
		return errors.New("too long a key")
	}
	if !plain(k.PK) || !plain(k.SK) {
		return errors.New("a key that is not plain text")
	}
	return nil
}

// CheckRange refuses ranges that no driver could list.
func CheckRange(r table.Range) error {
	switch {
	case r.Index < table.Primary || r.Index > table.By:
		return fmt.Errorf("list: no such index: %d", r.Index)
	case r.Partition == "":
		return errors.New("list: no partition")
	case !plain(r.Partition) || !plain(r.Prefix) || len(r.Partition)+len(r.Prefix) > maxKey:
		return errors.New("list: a range that is not plain text, or too long")
	case r.Limit < 1 || r.Limit > maxRows:
		return fmt.Errorf("list: limit %d: want 1 to %d", r.Limit, maxRows)
	case r.Index == table.ByDue && (r.Newest || r.Prefix != ""):
		return errors.New("list: a due queue has one direction and no prefix")
	case r.Until.UTC().Year() < 0 || r.Until.UTC().Year() > 9999:
		return errors.New("list: until a year without four digits")
	}
	return nil
}

// plain holds for text that can be a part of a position: no control characters,
// and not the last character there is, which serves as the end of a prefix.
func plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if control(r) || r == utf8.MaxRune {
			return false
		}
	}
	return true
}

func control(r rune) bool { return r < ' ' }
