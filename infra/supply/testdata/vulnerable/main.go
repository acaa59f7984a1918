// Command vulnerable calls what a known vulnerability is in (GO-2021-0113). It is
// never run: the scan must find it.
package main

import (
	"log"

	"golang.org/x/text/language"
)

func main() { log.Println(language.Parse("en")) }
