// Command blocklist makes shared/blocklist/commonest.set of a list of breached
// passwords, one a line, the commonest first. make blocklist fetches the list and
// runs it.
//
//	go run ./infra/tools/blocklist < list.txt > shared/blocklist/commonest.set
package main

import (
	"bufio"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/blocklist"
)

// What is taken: of the commonest, all that are long enough for anybody; of the
// rest, those that are long enough for pupils from grade 6 and for adults. Lists of
// breaches hold short ones mostly, and would say nothing about those otherwise.
const (
	commonest = 160_000
	long      = 12 // code points
)

func main() {
	taken, err := take(bufio.NewScanner(os.Stdin))
	if err == nil {
		_, err = os.Stdout.Write(blocklist.Pack(taken))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "blocklist:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, len(taken), "passwords")
}

func take(lines *bufio.Scanner) ([]string, error) {
	var taken []string
	seen := map[string]bool{}
	for rank := 1; lines.Scan(); rank++ {
		password := blocklist.Fold(lines.Text())
		length := utf8.RuneCountInString(password)
		if length < blocklist.Shortest || length < long && rank > commonest || seen[password] {
			continue
		}
		seen[password] = true
		taken = append(taken, password)
	}
	return taken, lines.Err()
}
