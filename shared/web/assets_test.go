package web_test

import (
	"math"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/web"
)

func readAsset(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("assets/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// hashedName is what pages call an asset.
func hashedName(t *testing.T, name string) string {
	t.Helper()
	page := show(t, open(t, i18n.Default), state{name: "off", page: "off"}, "en")
	stem, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	found := regexp.MustCompile(`/assets/(` + stem + `\.[0-9a-f]{8}\` + ext + `)`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no page uses %s", name)
	}
	return found[1]
}

func TestAssetsAreFoundByTheHashOfTheirContentsOnly(t *testing.T) {
	for name, kind := range map[string]string{"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		body, got, ok := web.Asset(hashedName(t, name))
		if !ok || got != kind || string(body) != readAsset(t, name) {
			t.Errorf("%s: %v %s", name, ok, got)
		}
		if _, _, ok := web.Asset(name); ok {
			t.Errorf("%s is found by its plain name, and would be kept for a year", name)
		}
	}
}

func TestStylesKnowNoLeftAndRight(t *testing.T) {
	css := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(readAsset(t, "app.css"), "")
	if found := regexp.MustCompile(`[^-]\b(left|right)\b|(margin|padding|border|inset)-(left|right|top|bottom)|\btranslateX`).FindAllString(css, -1); found != nil {
		t.Errorf("%q", found)
	}
	for _, m := range regexp.MustCompile(`(?:margin|padding|inset|border-radius): *([^;}]+)`).FindAllStringSubmatch(css, -1) {
		if v := strings.Fields(m[1]); len(v) == 4 && v[1] != v[3] {
			t.Errorf("%q has a left and a right", m[0])
		}
	}
}

func TestTheScriptWritesNoMarkupAndNoWords(t *testing.T) {
	js := readAsset(t, "app.js")
	for _, never := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "Function(", "document.write", ".style", "fetch(", "XMLHttpRequest", "localStorage", "cookie"} {
		if strings.Contains(js, never) {
			t.Errorf("has %s", never)
		}
	}
}

// TestColoursCanBeRead holds the contrast of WCAG 1.4.3 and 1.4.11, light and dark.
func TestColoursCanBeRead(t *testing.T) {
	css := readAsset(t, "app.css")
	roots := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(css, -1)
	if len(roots) != 2 {
		t.Fatalf("%d palettes", len(roots))
	}
	palette := map[string]string{}
	for i, scheme := range []string{"light", "dark"} {
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{3,6})\b`).FindAllStringSubmatch(roots[i][1], -1) {
			palette[m[1]] = m[2] // what the dark palette leaves out stays as it is
		}
		for ground, inks := range readable {
			for ink, least := range inks {
				if got := contrast(t, palette[ink], palette[ground]); got < least {
					t.Errorf("%s: %s on %s has %.2f, wants %.1f", scheme, ink, ground, got, least)
				}
			}
		}
	}
}

// readable is what stands on what, and how much they must differ.
var readable = map[string]map[string]float64{
	"card":       {"text": 7, "soft": 4.5, "act": 4.5, "act-down": 4.5, "error": 4.5, "warn": 4.5, "edge": 3},
	"page":       {"text": 7, "soft": 4.5, "act": 4.5, "edge": 3},
	"tint":       {"text": 7, "soft": 4.5, "act": 4.5, "act-down": 4.5, "error": 4.5, "good": 4.5},
	"warn-tint":  {"text": 7, "soft": 4.5, "act": 4.5},
	"good-tint":  {"text": 7},
	"error-tint": {"text": 7, "error": 4.5},
	"act":        {"act-text": 4.5},
	"act-down":   {"act-text": 4.5},
	"brand":      {"brand-text": 7},
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	hex := strings.TrimPrefix(colour, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatalf("colour %q: %v", colour, err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
